#!/usr/bin/env bash
# analyze, report and reproduce on tiny datasets: the same result for 1, 2 and 3 ranks, a page that is whole, bad input.
set -euo pipefail
synvid=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "FAILED: $*" >&2; exit 1; }
# expect CODE TEXT COMMAND...: the command ends with CODE and says TEXT.
expect() {
  local code=$1 text=$2 found=0
  shift 2
  "$@" > out 2>&1 || found=$?
  [ "$found" = "$code" ] || { cat out >&2; fail "exit code $found instead of $code: $*"; }
  grep -qF -- "$text" out || { cat out >&2; fail "no \"$text\" from: $*"; }
}

for variant in static-circles moving-circles; do
  "$synvid" generate --variant $variant --videos 6 --size 48 --frames 40 --out data/$variant -q
done

# One result for any number of ranks and threads.
settings=(--dataset data/moving-circles --reference data/static-circles --frames 60 --videos 6 --set frame_stride=2 -q)
"$synvid" analyze "${settings[@]}" --threads 1 --out runs > printed
result=$(tail -n 1 printed)/result.json
grep -q '"spectrum_exponent"' "$result" || fail "no spectrum in $result"
grep -q '"lab_kl"' "$result" || fail "no color distance in $result"
grep -q 'FFD-VideoMAE' "$result" && fail "a feature distance without an encoder"
for ranks in 2 3; do
  mpirun -n $ranks "$synvid" analyze "${settings[@]}" --threads 1 --out runs$ranks > printed 2> talk.txt || { cat talk.txt >&2; fail "$ranks ranks"; }
  cmp "$result" "$(tail -n 1 printed)/result.json" || fail "another result on $ranks ranks"
done
"$synvid" analyze "${settings[@]}" --threads 2 --out threads > printed
cmp "$result" "$(tail -n 1 printed)/result.json" || fail "another result with 2 threads"

# Latent datasets of two variants hold the same parameters and show different videos: features are not shared by digest.
for variant in static-circles moving-circles; do
  "$synvid" generate --variant $variant --videos 6 --size 48 --frames 40 --storage latent --out latent/$variant -q
  "$synvid" analyze --dataset latent/$variant --frames 20 --videos 6 --out latent-runs -q > printed
  grep -A3 '"role": "dataset"' "$(tail -n 1 printed)/result.json" | grep '"digest"' >> digests
done
[ "$(sort -u digests | wc -l)" = 2 ] || fail "two latent datasets have one digest"

# Frames of one color have no spectrum: they are counted and left out, and no figure is made up. One video is too few.
"$synvid" generate --variant static-circles --videos 4 --size 48 --frames 20 \
  --set with='["objects=1", "center_range=[3, 4]"]' --out plain -q
"$synvid" analyze --dataset plain --frames 20 --videos 4 --out plain-runs -q > printed
awk '$1 == "spectrum_plain_frames" && $2 == 20 { plain = 1 } $1 == "spectrum_exponent" { made_up = 1 } END { exit !plain || made_up }' printed ||
  { cat printed; fail "frames of one color"; }
"$synvid" generate --variant moving-circles --videos 1 --size 48 --frames 20 --out single -q
expect 3 'at least 2 are needed' "$synvid" analyze --dataset single --frames 20 --videos 4 --out plain-runs

# What was looked at is on record.
grep -q '^dataset,frames,[0-9]*,[0-9]*$' "$(dirname "$result")/samples.csv" || fail "no list of samples"
grep -q '^reference,clips,' "$(dirname "$result")/samples.csv" || fail "no list of the reference's samples"

# A finished analysis is left alone; a dry run writes nothing.
before=$(stat -c %Y.%s "$result")
"$synvid" analyze "${settings[@]}" --out runs > printed
[ "$(tail -n 1 printed)/result.json" = "$result" ] || fail "a finished analysis does not say where it is"
[ "$before" = "$(stat -c %Y.%s "$result")" ] || fail "a finished analysis was done again"
expect 0 'needs --inception FILE' "$synvid" analyze --dataset data/moving-circles --frames 20 --videos 4 --out dry --dry-run
grep -qE '^estimate: rank_bytes=[0-9]+ core_seconds=[0-9.]+$' out || fail "no line for job scripts"
expect 0 'read: 216 frames, 1.49 MB decoded; feature vectors: 0 B' "$synvid" analyze --out dry --dry-run \
  --dataset data/moving-circles --reference data/static-circles --frames 60 --videos 6
expect 0 'networks' "$synvid" analyze --out dry --dry-run --set random_networks=2 --threads 1 \
  --dataset data/moving-circles --reference data/static-circles --frames 60 --videos 6
awk -F'[= ]' '/^estimate/ { exit !($3 > 2e8 && $3 < 2e9 && $5 > 20) }' out || fail "random networks at no cost: $(cat out)"
[ ! -e dry ] || fail "a dry run left files"

# The reference against itself.
"$synvid" analyze --dataset data/static-circles --reference data/static-circles --frames 60 --videos 6 --out runs -q > printed
awk '$1 == "lab_kl" && $2 < 1e-9 { zero = 1 } END { exit !zero }' printed || fail "a dataset is not at distance 0 from itself"

# Three analyses beside one reference at the same time, as a sweep runs them: they keep the reference's features in one file.
encoder=$("$synvid" pretrain --config quickstart --variant static-circles --set data.clips=16 --epochs 1 --out enc -q | tail -n 1)
for round in 1 2 3; do
  jobs=()
  for dataset in data/static-circles data/moving-circles latent/moving-circles; do
    "$synvid" analyze --dataset $dataset --reference data/static-circles --encoder "$encoder" --frames 60 --videos 6 --threads 1 \
      --set frame_stride=2 --out "beside$round" -q > "beside$round-$(basename "$(dirname $dataset)")-$(basename $dataset)" 2>&1 &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || { cat beside"$round"-*; fail "an analysis beside others failed"; }; done
  grep -rqs 'FFD-VideoMAE' "beside$round" --include=result.json || fail "no features were compared"
done

# The report is one whole page with the datasets in it, and tables beside it.
"$synvid" report --runs runs --data data --out report -q > printed
[ "$(tail -n 1 printed)" = report/index.html ] || fail "report printed $(cat printed)"
grep -q '</html>' report/index.html || fail "the page is cut off"
grep -q 'Contact sheet of Moving circles' report/index.html || fail "no contact sheet"
grep -qE '(src|href)="(https?:)?//' report/index.html && fail "the page needs outside files"
for table in statistics.csv datasets.tex; do
  [ -s report/tables/$table ] || fail "no table $table"
done
find report runs -name '*.partial' | grep . && fail "partial files were left"

# The paper's tables, with nothing run.
"$synvid" reproduce table1 --runs runs > printed
grep -Eq '^Moving circles +UCF101 fine-tune +85.2 +not run' printed || fail "table1"
"$synvid" reproduce gaps > printed
grep -q 'truncated' printed || fail "gaps"
"$synvid" reproduce all --runs nowhere --format json > printed
[ "$(head -c 1 printed)$(tail -n 1 printed)" = "[]" ] || fail "json is not one list"

for part in fig1 fig2 fig3 fig4 fig5 statements; do
  "$synvid" reproduce $part --runs runs --data data --out paper > printed || fail "reproduce $part"
  [ -s printed ] || fail "reproduce $part prints nothing"
done
for file in tables/fig2.tex tables/correlations-paper.csv tables/findings.md figures/fig1.png figures/fig2.gp; do
  [ -s paper/$file ] || fail "reproduce --out: no $file"
done

# Bad input.
expect 2 'dataset' "$synvid" analyze --out runs
expect 3 'data/nowhere' "$synvid" analyze --dataset data/nowhere --out runs
expect 3 'no-encoder' "$synvid" analyze --dataset data/moving-circles --encoder no-encoder --out runs
expect 2 'frames_per_video' "$synvid" analyze --dataset data/moving-circles --set frames_per_video=0 --out runs
expect 2 'did you mean "table1"' "$synvid" reproduce tabel1
expect 2 'no-such-list' "$synvid" reproduce fig4 --runs runs --lists no-such-list
expect 2 'plain|json' "$synvid" reproduce table1 --format word
expect 3 'no-runs' "$synvid" report --runs no-runs --out report2
truncate -s 3000 data/moving-circles/shard-00000.h5
expect 3 'shard-00000.h5' mpirun -n 2 "$synvid" analyze --dataset data/moving-circles --frames 20 --videos 4 --out runs4
[ -z "$(find runs4 -name result.json 2>/dev/null)" ] || fail "a result of a broken dataset"
echo "analyze: ok"
