#!/usr/bin/env bash
# No figure of a rehearsal or of a reduced run stands in a place of the paper's: in no form that `reproduce` prints, in no
# file that it writes, and in no part of the report. With such results among the runs, the paper's tables are the very
# bytes that they are without them.
. "$2/tests/support/cli.sh"

# result PROTOCOL TASK DATASET PRETRAINING MODEL METRICS: as the stages leave one. METRICS: NAME=VALUE...
result() {
    local protocol=$1 task=$2 dataset=$3 pretraining=$4 model=$5 rows="" metric deviations='["train.epochs 20 instead of 100"]'
    local run=$runs/$protocol/$task-$dataset-$pretraining-${model%%/*}
    shift 5
    [ "$protocol" = paper ] && deviations='[]'
    for metric in "$@"; do
        rows+="${rows:+, }{\"name\": \"${metric%=*}\", \"value\": ${metric#*=}, \"unit\": \"%\", \"count\": 100, \"low\": ${metric#*=}, \"high\": ${metric#*=}, \"interval\": \"Wilson 95%\"}"
    done
    mkdir -p "${run// /-}"
    cat >"${run// /-}/result.json" <<JSON
{"schema": "synvid.result", "schema_version": 1,
 "identity": {"task": "$task", "dataset": "$dataset", "pretraining": "$pretraining", "model": "$model", "seed": 1},
 "protocol": {"name": "$protocol", "deviations": $deviations}, "metrics": [$rows],
 "inputs": [{"role": "dataset", "path": "$dataset", "digest": "$(printf '%s' "$dataset" | md5sum | cut -c 1-32)"},
            {"role": "reference", "path": "real", "digest": "7e577e577e577e577e577e577e577e57"}]}
JSON
    printf '{"train": {"epochs": %s}}\n' "${start/./}" >"${run// /-}/config.json"
}

# everything PROTOCOL START: results for every table and figure; accuracies are START.1 to START.9 percent.
everything() {
    local start=$2 n=0 stage model name corruptions=()
    for name in gaussian_noise shot_noise defocus_blur rotate jpeg mpeg2; do corruptions+=("$name=$start.7"); done
    for stage in random static-circles moving-circles moving-shapes transforming-shapes accelerating-shapes accelerating-stylegan accelerating-images ucf101; do
        n=$((n + 1))
        for model in "ViT-B/16 16x224" "ViT-L/16 16x224"; do result "$1" finetune ucf101 $stage "$model" top1="$start.$n" chance=1; done
        result "$1" finetune hmdb51 $stage "ViT-B/16 16x224" top1="$start.$n" chance=2
        result "$1" finetune kinetics400 $stage "ViT-B/16 16x224" top1="$start.$n"
        result "$1" probe ucf101 $stage "ViT-B/16 16x224" top1="$start.$n" chance=1
        result "$1" robust ucf101 $stage "ViT-B/16 16x224" top1="$start.$n" "${corruptions[@]}"
        result "$1" keys ucf101 $stage "ViT-B/16 16x224" explained_1="$start.$n"
        result "$1" analyze $stage "" "" FID="$start.$n" FVD="$start.$n" spectrum_exponent="$start.$n" diversity_logdet="$start.$n" lab_kl="$start.$n" frame_mmd="$start.$n" video_mmd="$start.$n"
    done
}

forms="plain json csv markdown latex"
# shown FOLDER: everything that is printed and written about the runs of $runs
shown() {
    local form part
    mkdir -p "$1"
    for form in $forms; do
        for part in table2 table3 table4 table9 table10 table11 table12 fig2 gaps; do
            "$synvid" reproduce $part --runs "$runs" --format "$form" >"$1/$part.$form"
        done
        "$synvid" reproduce all --runs "$runs" --format "$form" >"$1/all.$form"
    done
    "$synvid" reproduce all --runs "$runs" --out "$1/written" >/dev/null 2>&1
    "$synvid" report --runs "$runs" --data none --out "$1/report" >/dev/null 2>&1
}
# papers FOLDER: of what is shown, the paper's own tables and figures
papers() {
    (cd "$1" && md5sum table*.* fig2.* gaps.* written/tables/table*.* written/tables/fig2.* written/tables/fig3.* \
        written/tables/gaps.* written/figures/fig2.dat)
}

# Figures that no table of the paper has, nor what follows from them.
reduced='(^|[^0-9.])93[.][1-9]' rehearsed='(^|[^0-9.])94[.][1-9]'
# The figures' data and scripts are looked at, no pictures.
mkdir bin && printf '#!/bin/sh\nexit 1\n' >bin/gnuplot && chmod +x bin/gnuplot
PATH=$scratch/bin:$PATH

runs=paper
everything paper 72
shown alone
[ "$(grep -c '72\.[1-9]' alone/table3.csv)" -gt 0 ] || [ "$(grep -c '72\.[1-9]' alone/fig2.csv)" -gt 0 ] || fail "not even results of the paper's protocol are shown"
! grep -rlE "$reduced|$rehearsed" alone/*.* alone/written/tables alone/report/tables || fail "the marks of this test are figures of the paper"

# Rehearsals leave no trace at all; a report says that they were left out.
cp -r paper rehearsed && runs=rehearsed
everything rehearsal 94
shown beside-rehearsals
diff -rq -x index.html alone beside-rehearsals || fail "rehearsals change what is shown"
grep -q "results of rehearsals are left out" beside-rehearsals/report/index.html || fail "the report does not say that rehearsals were left out"
diff <(grep -v "of rehearsals are left out" beside-rehearsals/report/index.html | tr '>' '\n' | grep -c .) <(tr '>' '\n' <alone/report/index.html | grep -c .) ||
    fail "rehearsals change the report"
! grep -qE "$rehearsed" beside-rehearsals/report/index.html || fail "a rehearsal's figure in the report"

# Reduced runs stand in tables of their own, or in columns that say so; the paper's own are what they were.
cp -r paper mixed && runs=mixed
everything reduced 93
shown beside-reduced
[ "$(papers alone)" = "$(papers beside-reduced)" ] || { diff <(papers alone) <(papers beside-reduced); fail "reduced runs change the paper's tables"; }
# marked FILE SPLIT: every table of the file that holds a reduced figure says "reduced"; SPLIT: sed that parts tables by
# empty lines.
marked() {
    local unmarked
    unmarked=$(sed "$2" "$1" | awk -v mark="$reduced" 'BEGIN { RS = "" } $0 ~ mark && !/[Rr]educed|REDUCED/ { print substr($0, 1, 300) }')
    [ -z "$unmarked" ] || { echo "$unmarked"; fail "$1: reduced figures without a word"; }
    grep -qE "$reduced" "$1" || fail "$1 shows no reduced figure at all, so this test sees nothing"
}
for form in plain csv markdown latex; do marked beside-reduced/all.$form ''; done
marked beside-reduced/all.json 's/^{$/\n{/'
sed 's/<table/\n\n<table/g' beside-reduced/report/index.html | sed '/^$/!s/\n//' >tables.html
marked tables.html 's/<table/\n<table/'
for file in beside-reduced/report/tables/*.csv beside-reduced/written/tables/*.csv; do
    ! head -n 1 "$file" | grep -q 'Paper' || ! grep -qE "$reduced" "$file" || grep -q 'reduced' "$file" ||
        fail "$file: reduced figures beside the paper's without a word"
done

# A page of rehearsals alone has none of the paper's figures.
runs=only && everything rehearsal 94
# as in the real run, with weights of others that were imported for it
start=1
result videomae import kinetics400 kinetics400 "ViT-B/16 16x224"
sed -i 's/"deviations": \[[^]]*\]/"deviations": []/' only/videomae/*/result.json
shown alone-rehearsed
grep -q '>REHEARSAL<' alone-rehearsed/report/index.html || fail "the report of a rehearsal is not called one"
! grep -qE 'Paper:|>85\.2<|against the paper' alone-rehearsed/report/index.html || fail "figures of the paper in a rehearsal's report"
! head -qn 1 alone-rehearsed/report/tables/*.csv | grep 'Paper' || fail "columns of the paper in a rehearsal's tables"

# The same results under the paper's name are seen in every form: what this test looks at can change.
cp -r mixed passed-off && runs=passed-off
find passed-off/reduced -name result.json -exec \
    sed -i 's/"name": "reduced", "deviations": \[[^]]*\]/"name": "paper", "deviations": []/; s/"seed": 1/"seed": 2/' {} +
shown beside-passed-off
for form in $forms; do
    cmp -s "alone/fig2.$form" "beside-passed-off/fig2.$form" && fail "$form does not show what stands in the paper's tables"
done
cmp -s alone/written/figures/fig2.dat beside-passed-off/written/figures/fig2.dat && fail "figure 2 does not show what stands in it"
cmp -s alone/report/index.html beside-passed-off/report/index.html && fail "the report does not show what stands in it"
echo "paper columns: ok"
