#!/usr/bin/env bash
# The paper's whole experiment, rehearsed: every task of all34 from miniature official datasets to the tables.
#   rehearse.sh SYNVID SOURCE_DIR OFFICIAL_WEIGHTS [quick|full] [TASKS_AT_ONCE]
. "$2/tests/support/cli.sh"
. "$2/tests/rehearsal/judge.sh"
weights=$(realpath "$3")
form=${4:-quick}
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
bash "$source/tests/rehearsal/make_media.sh" "$synvid" "$weights" media >/dev/null
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
judge_tables paper-rehearsal/runs paper-rehearsal || fail "tables"

# Two ranks say what one says: one fine-tuning and one analysis again.
run_again() { # run_again TASK FOLDER_OF_RUNS
    local command
    command=$("$synvid" sweep show all34 "$1" "${options[@]}" | sed "s|--out [^ ]*|--out two|; s|^[^ ]* *synvid|$synvid|; s|^synvid|$synvid|")
    expect 0 ranks 2 bash -c "$command --threads 1"
    cmp "$(find two -name result.json -path "*$3*")" "$(find "paper-rehearsal/runs/$2" -name result.json -path "*$3*" | head -1)" ||
        fail "another result of $1 on two ranks"
}
run_again finetune-hmdb51-random finetune finetune-hmdb51-random
echo "rehearsal: ok"
