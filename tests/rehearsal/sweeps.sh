#!/usr/bin/env bash
# Every shipped sweep, rehearsed and judged: all tasks of it, with the commands and paths of the real run.
#   sweeps.sh SYNVID SOURCE_DIR OFFICIAL_WEIGHTS [SWEEP...]
# Without names all of them but all34, which rehearse.sh takes. Prints a line a sweep: tasks, seconds, results, what
# they deviate in.
. "$2/tests/support/cli.sh"
. "$2/tests/rehearsal/judge.sh"
weights=$(realpath "$3")
sweeps=("${@:4}")
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
if [ ${#sweeps[@]} -eq 0 ]; then
    for file in "$source"/configs/sweeps/*.json; do
        name=$(basename "$file" .json)
        [ "$name" = all34 ] || sweeps+=("$name")
    done
fi
bash "$source/tests/rehearsal/make_media.sh" "$synvid" "$weights" media quick >/dev/null

# Which of the paper's tables a part of all34 fills.
declare -A fills=([progression]=table1 [table9]=table9 [robustness]=fig3 [paper28]=fig4)
# Cells of the report's accuracies that a sweep at small scale leaves empty on purpose: smoke has no probe of random
# weights.
declare -A empty=([smoke]=1)

# Statements of the paper about more sets than a sweep has.
declare -A partly=([paper28]='^Every generated set has less diverse frames than real videos,.*,28 of 35$')

# cells SWEEP: none is empty that the sweep is there to fill.
cells() {
    local accuracy=swept/$1/report/tables/accuracy.csv found
    if [ -n "${fills[$1]:-}" ]; then
        expect 0 "$synvid" reproduce "${fills[$1]}" --rehearsal --runs "swept/$1/runs" --data "swept/$1" --format csv
        found=$(grep -E 'not run|mixed protocols' out | grep -vE "${partly[$1]:-^$}" || true)
        [ -z "$found" ] || { echo "$found"; fail "$1: cells of ${fills[$1]} are empty"; }
    elif [ -e "swept/$1/report" ] && [ -e "swept/$1/runs/finetune" ]; then
        [ -e "$accuracy" ] || fail "$1: its report has no table of accuracies"
        [ "$(grep -oE 'not run|mixed protocols' "$accuracy" | wc -l)" -eq "${empty[$1]:-0}" ] || { cat "$accuracy"; fail "$1: empty cells"; }
    fi
    # Budgets that a rehearsal made equal would be one.
    [ "$1" != compute ] || [ "$("$synvid" reproduce compute --runs swept/compute/runs --format csv | awk -F, 'NR > 1 && $2 > 0 { print $2 }' | sort -u | wc -l)" -eq 5 ] ||
        fail "the budgets of compute are not five"
}

# rehearse SWEEP: whole, from the check of its inputs to its results.
rehearse() {
    local options=("$1" --rehearsal quick --out "swept/$1") start=$SECONDS tasks judge=judge_reduced
    [ -z "${fills[$1]:-}" ] || judge=judge_results
    expect 0 "$synvid" sweep run "${options[@]}" --check
    once "all there"
    expect 0 "$synvid" sweep run "${options[@]}" --plan --core-gflops 50
    "$synvid" sweep run "${options[@]}" --parallel 2 --ranks 1 >"$1.log" 2>&1 || {
        tail -n 30 "$1.log"
        fail "the rehearsal of $1 did not finish"
    }
    tasks=$("$synvid" sweep list "$1" --out "swept/$1" | grep -cE '^ *[0-9]+ ')
    $judge "swept/$1" >verdict || { cat verdict; fail "results of $1"; }
    judge_weights "swept/$1/runs" >>weights || { cat weights; fail "weights of $1"; }
    cells "$1"
    echo "$1: $tasks tasks in $((SECONDS - start)) s; $(tail -n 1 verdict)"
}
for sweep in "${sweeps[@]}"; do rehearse "$sweep"; done
echo "sweeps: ok"
