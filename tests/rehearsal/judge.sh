# shellcheck shell=bash
# rehearsal/judge.sh - what a rehearsal must have left behind; source it after support/cli.sh.

# judge_results RUNS: every result is a rehearsal; anything else is named with its deviations.
judge_results() {
    local file count=0 odd=0
    while IFS= read -r file; do
        count=$((count + 1))
        # Published weights are imported under the protocol of who made them.
        grep -qE '"name": *"(rehearsal|videomae)"' "$file" && continue
        odd=$((odd + 1))
        echo "$file: not a rehearsal:"
        sed -n '/"deviations"/,/\]/p' "$file"
    done < <(find "$1" -name result.json | sort)
    [ $count -gt 0 ] || { echo "no results in $1"; return 1; }
    [ $odd -eq 0 ] || return 1
    echo "$count results, 0 unexpected deviations"
}

# judge_weights RUNS: pre-training moved the weights, and each stage of the progression got its own: else it would not
# matter whose checkpoint a later task takes.
judge_weights() {
    local stage file digest all="" count=0
    for stage in static-circles moving-circles moving-shapes transforming-shapes accelerating-shapes accelerating-textures accelerating-stylegan accelerating-images ucf101; do
        for file in "$1"/pretrain/"$stage"-??????????/result.json; do
            [ -e "$file" ] || continue
            digest=$(sed -n '/"final weights"/,/"digest"/s/.*"digest": "\(.*\)".*/\1/p' "$file")
            case $all in *"$digest"*) echo "$file: the weights of another stage"; return 1 ;; esac
            all+=" $digest" count=$((count + 1))
        done
    done
    echo "$count stages of the progression, each with weights of its own"
}

# judge_reduced OUT: results of a sweep at small scale deviate from the paper as that sweep is meant to
# (own_deviations.txt), in smaller sizes and counts, and in nothing else. None of them may be called the paper's.
judge_reduced() {
    local file count odd
    count=$(find "$1" -name result.json | wc -l)
    [ "$count" -gt 0 ] || { echo "no results in $2"; return 1; }
    while IFS= read -r file; do
        grep -qE '"name": *"(reduced|rehearsal)"' "$file" || { echo "$file: neither reduced nor a rehearsal"; return 1; }
    done < <(find "$1" -name result.json)
    find "$1" -name result.json -exec sed -n '/"deviations"/,/\]/s/^ *"\([^"]*\)",\{0,1\}$/\1/p' {} + |
        sed -E 's/^((pre-training|fine-tuning|made from): )+//' | sort -u >found
    # shellcheck disable=SC2154  # set by support/cli.sh
    grep -v '^#' "$source/tests/rehearsal/own_deviations.txt" >own
    odd=$(grep -vEf own found || true)
    [ -z "$odd" ] || { echo "deviations that are not the sweep's own:"; echo "$odd"; return 1; }
    echo "$count results, $(grep -c . found) kinds of deviations, 0 unexpected"
}

# judge_tables RUNS DATA: every cell of every table and figure holds a figure of the rehearsal.
judge_tables() {
    # shellcheck disable=SC2154  # set by support/cli.sh
    "$synvid" reproduce all --rehearsal --runs "$1" --data "$2" --format csv --out tables >tables.csv || return 1
    ! grep -nE 'not run|not generated|mixed protocols' tables.csv || { echo "cells are empty"; return 1; }
    # None of them stands in a table of the paper's, in any form.
    local format
    mkdir -p printed # not beside the sweep: a paper.json here would be taken for the presets of that name
    for format in plain json csv markdown latex; do
        "$synvid" reproduce all --runs "$1" --data "$2" --format $format >printed/$format || return 1
    done
    local filled
    filled=$(sed 's/, ViT-L"/ ViT-L"/' printed/csv | awk -F, '$2 ~ /fine-tune|probe/ && $4 != "not run"')
    [ -z "$filled" ] || { echo "$filled"; echo "a rehearsal's figure in a table of the paper's"; return 1; }
    ! grep -lE 'Rehearsal:|Rehearsed' printed/* || { echo "a rehearsal is named in the paper's tables"; return 1; }
    # A judge that is called before || does not stop at a failed command by itself: each says return 1.
    [ "$(find tables -name '*.csv' | wc -l)" -ge 10 ] || { echo "only these tables were printed:"; ls tables; return 1; }
    echo "$(grep -c . tables.csv) lines of tables, 0 cells not run"
}
