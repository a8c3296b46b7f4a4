#!/usr/bin/env bash
# The paper's whole experiment, rehearsed: every task of all34 from miniature official datasets to the tables.
#   rehearse.sh SYNVID SOURCE_DIR OFFICIAL_WEIGHTS [quick|full] [TASKS_AT_ONCE]
. "$2/tests/support/cli.sh"
. "$2/tests/rehearsal/judge.sh"
weights=$(realpath "$3")
form=${4:-quick}
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
bash "$source/tests/rehearsal/make_media.sh" "$synvid" "$weights" media "$form" >/dev/null
options=(--rehearsal "$form" --var kinetics_weights=media/videomae_k400_base)

expect 0 "$synvid" sweep run all34 "${options[@]}" --check
once "all there"
expect 0 "$synvid" sweep run all34 "${options[@]}" --plan --core-gflops 50
says out "core-hours"
start=$SECONDS
"$synvid" sweep run all34 "${options[@]}" --parallel "${5:-2}" --ranks 1 >run.log 2>&1 || {
    "$synvid" sweep status all34 "${options[@]}" || true
    fail "the rehearsal did not finish"
}
echo "rehearsed in $((SECONDS - start)) s"
judge_results paper-rehearsal/runs || fail "results"
judge_weights paper-rehearsal/runs || fail "weights"
judge_tables paper-rehearsal/runs paper-rehearsal || fail "tables"
grep -q '>REHEARSAL<' paper-rehearsal/report-all34/index.html || fail "the report of a rehearsal is not called one"
grep -q 'Acc. and transforming image crops' paper-rehearsal/report-all34/tables/rehearsal-accuracy.csv || fail "the report of a rehearsal is empty"

# Two ranks say what one says: a fine-tuning, whose mixed partners are on the other rank, and an analysis.
data=paper-rehearsal/data
expect 0 ranks 2 "$synvid" finetune --config paper-hmdb51 --rehearsal "$form" --train $data/hmdb51-train --test $data/hmdb51-test \
    --name finetune-hmdb51-random --out two --threads 1 -q
expect 0 ranks 2 "$synvid" analyze --dataset $data/moving-circles --reference $data/ucf101-train --rehearsal "$form" \
    --inception media/pt_inception-2015-12-05-6726825d.pth --i3d media/i3d_pretrained_400.pt \
    --encoder "$(find paper-rehearsal/runs/pretrain -maxdepth 1 -name 'ucf101-*')" --out two --threads 1 -q
for run in finetune-hmdb51-random analyze-moving-circles; do
    cmp "$(find two -path "*/$run-*/result.json")" "$(find paper-rehearsal/runs -path "*/$run-*/result.json")" ||
        fail "another result of $run on two ranks"
done
echo "rehearsal: ok"
