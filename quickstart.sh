#!/usr/bin/env bash
# quickstart.sh - the whole experiment at small scale: real photographs and videos are fetched, datasets generated,
# models pre-trained, fine-tuned and probed, datasets analyzed, and a report written. 10 to 15 minutes on two cores with
# AVX512_BF16 after the installation, 40 with AVX2 alone; 5 GB of disk. Safe to run again: what is finished stays.
#
#   ./quickstart.sh [DIR]          work in DIR (default: ./quickstart)
#   ./quickstart.sh --long [DIR]   the sweep `reduced` instead: the whole progression, three seeds, three tasks, with
#                                  intervals; hours on two cores. Ctrl-C stops it with checkpoints, the same command
#                                  goes on (default: ./quickstart-long)
#
# It installs the Debian packages it builds with (root or sudo). Photographs and videos come out of Debian packages that
# are downloaded (at most 250 MB) and unpacked, not installed; where they cannot be had, procedural pictures take their
# place and the report says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sweep=quickstart folder=''
for argument; do
  case $argument in
  -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"; exit 0 ;;
  --long) sweep=reduced ;;
  -*) echo "quickstart.sh: unknown option \"$argument\"; see --help" >&2; exit 2 ;;
  *) [ -z "$folder" ] || { echo "quickstart.sh: one folder, not two: \"$folder\", \"$argument\"" >&2; exit 2; }
     folder=$argument ;;
  esac
done
[ -n "$folder" ] || { folder=quickstart; [ "$sweep" = quickstart ] || folder=quickstart-long; }
mkdir -p "$folder"
work=$(cd "$folder" && pwd)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

step() { printf '\n== %s\n' "$*"; }
quietly() { # LOG COMMAND...
  local log=$1
  shift
  "$@" > "$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
}

step "1/4 installing what is missing"
"$here/tools/install-dependencies.sh" build run
step "2/4 building"
(
  cd "$here"
  quietly "$work/configure.log" cmake --preset release -DBUILD_TESTING=OFF
  quietly "$work/build.log" cmake --build --preset release -j "$(nproc)"
)
synvid=$here/build/release/synvid

step "3/4 fetching photographs and videos"
media=$work/media
if ! "$here/tools/fetch-media.sh" "$media"; then
  if [ "$sweep" = reduced ]; then
    echo "quickstart.sh: no natural media could be had, which the long run is made of; without --long it goes on with" \
      "procedural pictures" >&2
    exit 1
  fi
  echo "No natural media could be had: procedural pictures take their place, and the report says so."
  sweep=quickstart-procedural
fi

step "4/4 running the chain (synvid sweep run $sweep)"
[ "$sweep" != reduced ] || echo "It takes hours. In another terminal: $synvid sweep status $sweep --out $work"
# Products of bfloat16 numbers pay where the processor multiplies them: elsewhere they are slower than float32.
precision=float32
if grep -qsw avx512_bf16 /proc/cpuinfo; then precision=bfloat16; fi
started=$SECONDS
"$synvid" sweep run "$sweep" --out "$work" --var media="$media" --var precision="$precision"
echo
echo "Done in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s. Open the report:"
echo "  $work/report/index.html"
