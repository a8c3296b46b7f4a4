#!/usr/bin/env bash
# analyze with networks of random weights: the same result on 1 and 2 ranks, under names of their own, in the report; weight
# files that are not what they should be.
#   feature_networks.sh SYNVID SOURCE_DIR
set -euo pipefail
synvid=$1
weights=$2/tests/golden/weights
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "FAILED: $*" >&2; exit 1; }
# refused CODE TEXT OPTION...: analyze ends with CODE and says TEXT once.
refused() {
  local code=$1 text=$2 found=0
  shift 2
  "$synvid" analyze --dataset data/moving-circles --out bad -q "$@" > out 2>&1 || found=$?
  [ "$found" = "$code" ] || { cat out >&2; fail "exit code $found instead of $code: $*"; }
  [ "$(grep -cF -- "$text" out)" = 1 ] || { cat out >&2; fail "not once \"$text\" from: $*"; }
}

for variant in static-circles moving-circles; do
  "$synvid" generate --variant $variant --videos 4 --size 48 --frames 20 --out data/$variant -q
done

settings=(--dataset data/moving-circles --reference data/static-circles --frames 4 --videos 2 --set frames_per_video=1
  --set frame_stride=1 --set random_networks=1 --threads 1 -q)
"$synvid" analyze "${settings[@]}" --out runs > printed
result=$(tail -n 1 printed)/result.json
mpirun -n 2 "$synvid" analyze "${settings[@]}" --out runs2 > printed 2> talk.txt || { cat talk.txt >&2; fail "two ranks"; }
cmp "$result" "$(tail -n 1 printed)/result.json" || fail "another result on 2 ranks"
for name in FFD-random-Inception FVD-random-I3D; do
  grep -q "\"$name\"" "$result" || fail "no $name"
done
grep -qE '"(FID|KID|FVD|KVD)"' "$result" && fail "a name that means other weights"
"$synvid" report --runs runs --out report -q > /dev/null
grep -q FFD-random-Inception report/index.html || fail "the report does not show the distance"
grep -q 'not FID or FVD' report/index.html || fail "the report does not say what it is"

# Narrow networks, another network, no network, half a file.
refused 3 "tensor Conv2d_1a_3x3.conv.weight is 2 x 3 x 3 x 3; expected 32 x 3 x 3 x 3" --inception "$weights/inception_small.pt"
refused 3 "tensor state_dict.module.conv3d_1a_7x7.conv3d.weight is 3 x 3 x 7 x 7 x 7" --i3d "$weights/i3d_small.pth"
refused 3 "none of its" --i3d "$weights/inception_small.safetensors"
refused 3 "absent: no such file" --inception absent
head -c 100000 "$weights/inception_small.safetensors" > cut.st
refused 3 "cut.st: " --inception cut.st
refused 2 "random_networks: 5 is outside [0, 4]" --set random_networks=5
refused 2 "give --reference DIR" --set random_networks=1
