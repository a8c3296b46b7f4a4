#!/usr/bin/env bash
# What would make a run of the paper worthless without anybody noticing, done on purpose: the rehearsal fails each time.
#   breaks.sh SYNVID SOURCE_DIR OFFICIAL_WEIGHTS
. "$2/tests/support/cli.sh"
. "$2/tests/rehearsal/judge.sh"
command -v ffmpeg >/dev/null || { echo "skipped: no ffmpeg"; exit 77; }
bash "$source/tests/rehearsal/make_media.sh" "$synvid" "$(realpath "$3")" media >/dev/null

# slice NAME SED: the task `asked` of the sweep and what it needs, in a copy of the file that SED has changed.
asked=finetune-ucf101-moving-circles
slice() {
    mkdir "$1"
    sed -E "$2" "$source/configs/sweeps/all34.json" >"$1/all34.json"
    cat >"$1/slice.json" <<JSON
{"extends": "all34.json", "name": "slice", "help": "one task", "tasks": [], "only": ["$asked"]}
JSON
    "$synvid" sweep run "$1/slice.json" --rehearsal quick --out "$1/out" --parallel 1 --ranks 1 "${@:3}" >"$1/log" 2>&1 &&
        judge_results "$1/out/runs" >"$1/verdict" 2>&1
}
broken() { # broken NAME TEXT: the slice failed and says why
    grep -qF -e "$2" "$1/log" "$1/verdict" "$1"/out/sweep/*.log 2>/dev/null || { tail -n 20 "$1"/log "$1"/out/sweep/*.log; fail "$1 does not say: $2"; }
    echo "$1: found"
}

slice whole '' || { cat whole/log whole/verdict; fail "the unbroken slice fails"; }
cat whole/verdict

slice list 's|"\{ucf101_lists\}/|"{ucf101_lists}/lists/|' && fail "a wrong path of a list went unnoticed"
broken list "media/ucfTrainTestlist/lists/trainlist01.txt"
expect 3 "$synvid" sweep run list/slice.json --rehearsal quick --out list/out --check
says out "missing: --list media/ucfTrainTestlist/lists/trainlist01.txt"

slice setting 's|"finetune", "--config", "paper", "--checkpoint"|"finetune", "--config", "paper", "--set", "data.mixup=0", "--checkpoint"|' &&
    fail "another setting of the protocol went unnoticed"
broken setting "data.mixup 0 instead of 0.8"

slice square 's|"\{ucf101_lists\}/\{part\}list01.txt", "--size", "0",|"{ucf101_lists}/{part}list01.txt",|' &&
    fail "squares went unnoticed"
broken square "squares of 256 pixels instead of whole frames"

asked=pretrain-shapes-static-images-5
slice pool 's|"--fit", "keep",|"--fit", "stretch", "--size", "512",|' && fail "still clips of stretched photographs went unnoticed"
broken pool "still clips of stretched photographs instead of ones of their own size"
asked=finetune-ucf101-moving-circles

# The alphabet's order of classes in place of the official one.
LC_ALL=C sort -k2 media/ucfTrainTestlist/classInd.txt | awk '{ print NR, $2 }' >sorted && mv sorted media/ucfTrainTestlist/classInd.txt
slice order '' && fail "another order of the classes went unnoticed"
broken order "among the classes"
echo "breaks: ok"
