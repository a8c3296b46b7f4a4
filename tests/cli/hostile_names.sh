#!/usr/bin/env bash
# Names that strangers choose go through every command that takes or prints one: nothing of them is executed, nothing is
# overwritten, what is written is well-formed, and the name can be read where it is shown.
# shellcheck disable=SC2016,SC1003  # code in single quotes is the point
. "$2/tests/support/cli.sh"
python=$(command -v python3 || true)
[ -n "$python" ] || echo "no python3: formats are not parsed"
export LC_ALL=C

# Each would touch a file if somebody took it for code; $hidden holds what no line of text has.
code='say `touch canary1` "a" $(touch canary2) '\''b'\'' %b; touch canary3 & |<i>{x}#~^_\'
hidden=$'line\nbreak\ttab caf\xe9 \x1b[31m'
long=$(printf 'long%.0s' {1..30})
table=("$code" "$hidden" "$long" "say \`touch canary4\`" '$(touch canary5)' 'a;touch canary6' "it's" 'say "hi"' 'a&b' '50%' '%b %d %s'
    -rf --help .. ... .hidden ' ' 'two words' '=cmd()' '+1' '@SUM(1)' '<script>alert(1)</script>' 'back\slash' '{}' '[row]'
    '*' '#' '!' '~' '日本' $'\xff' $'new\nline' $'tab\tbed' "$(printf 'w%.0s' {1..255})")

calm() { # calm: nothing was executed, and no control character reached the terminal
    local found
    found=$(find . -name 'canary*')
    [ -z "$found" ] || fail "executed: $found"
    if LC_ALL=C grep -lP '[\x00-\x08\x0b-\x1f\x7f]' "$@"; then cat -v "$@"; fail "control characters in what was said"; fi
    if ! iconv -f UTF-8 -t UTF-8 "$@" >/dev/null; then cat -v "$@"; fail "what was said is not UTF-8"; fi
}
well_formed() { # well_formed FOLDER...
    [ -z "$python" ] || "$python" "$source/tests/support/wellformed.py" "$@" >formats || { cut -c 1-400 formats; fail "not well-formed"; }
}
run() { # run CODE COMMAND...: as expect, and calm; a path that it leaves goes to $made
    expect "$1" "$synvid" "${@:2}"
    calm err
    made=$(cat out)
}

hints() { # hints FILE PATH: the command that FILE suggests, pasted into a shell, names the path
    local hint
    hint=$(sed -n '/^ *next: synvid inspect /{:a;p;/\\$/{n;ba};q}' "$1" | sed 's/^ *next: synvid inspect //')
    eval "set -- $hint" '"$2"'
    [ "$1" = "${!#}" ] || fail "the hint names \"$1\""
}

# ---- datasets, classes, files ----

quiet=(-q --progress none --threads 1)
run 0 generate --variant static-circles --videos 1 --size 32 --frames 12 --out seed "${quiet[@]}"
run 0 inspect seed --clip 0 --mp4 v.mp4
n_classes=0
for name in "${table[@]}"; do
    case $name in .*) continue ;; esac # hidden files are passed over
    mkdir -p -- "videos/$name"
    ln v.mp4 "videos/$name/1.mp4"
    ln v.mp4 "videos/$name/$name.mp4" 2>/dev/null || ln v.mp4 "videos/$name/2.mp4" # some names are too long for more
    n_classes=$((n_classes + 1))
done
cp "$source/configs/variants/static-circles.json" -- "$code.json"
run 0 generate --variant "./$code.json" --videos 1 --size 16 --frames 4 --out "g/$code" "${quiet[@]}"
run 0 inspect "g/$code"
hints out "g/$code"
calm out
run 0 textures --kind stylegan-oriented --images 2 --size 16 --out "$code.h5" "${quiet[@]}"
run 0 inspect "$code.h5"
hints out "$code.h5"

sizes=(--set model.image_size=16 --set model.n_frames=4 --set model.patch_size=8 --set model.width=16 --set model.depth=1
       --set model.heads=2 --set data.frame_stride=2 --batch 4 --set train.micro_batch=2 --epochs 1 --progress none --threads 1)
decoder=(--set model.decoder_width=8 --set model.decoder_depth=1 --set model.decoder_heads=1)
views=(--set data.test_clips=1 --set data.test_crops=1)
stages() { # stages NAME: every stage with a dataset of this name
    local data=data/$1 model tuned
    run 0 ingest --input videos --labels folder --size 32 --out "$data" --progress none --threads 1
    hints err "$data"
    run 0 pretrain --dataset "$data" "${sizes[@]}" "${decoder[@]}" --out runs
    model=$made
    run 0 finetune --train "$data" --test "$data" --checkpoint "$model" "${sizes[@]}" "${views[@]}" --out runs
    tuned=$made
    [ "$(find "$tuned" -name 'confusion.*' | wc -l)" -ge 2 ] || fail "no figure"
    if [ -n "$(command -v gnuplot)" ] && [ ! -s "$tuned/confusion.svg" ]; then fail "gnuplot could not read the names"; fi
    run 0 probe --train "$data" --test "$data" --checkpoint "$model" "${sizes[@]}" "${views[@]}" --out runs
    run 0 robust --checkpoint "$tuned" --severities 3 --out runs "${quiet[@]}"
    run 0 controls --train "$data" --test "$data" --out runs -q
    run 0 analyze --dataset "$data" --reference "$data" --frames 6 --videos 4 --out runs "${quiet[@]}"
    run 0 keys --encoder "$model" --dataset "$data" --videos 2 --frames 4 --class "$code" --out runs "${quiet[@]}"
    run 0 export "$model" --out "hf/$(basename "$data")"
    run 0 import "hf/$(basename "$data")" --out "imported/$(basename "$data")"
    run 0 export "$data" --out "$data/all.h5"
    for thing in "$data" "$data/all.h5" "$model" "$tuned" "$tuned/result.json" "$model/run.json" "$model/curves.jsonl"; do
        run 0 inspect "$thing"
        calm out
    done
    run 0 inspect "$data" --sheet "$data/sheet.png"
    run 0 verify "$data" "$model"
    calm out
    run 0 config show "$model/config.json"
    calm out
}
stages "$code"
stages "$hidden"
stages -rf
stages "$long"
run 0 inspect "data/$code"
grep -qE "^ *classes +$n_classes:" out || { cat out; fail "not $n_classes classes"; }
grep -qF '\n' "data/$code/dataset.json" || fail "no line break in a name"
grep -qF 'tab caf\\xe9' "data/$code/dataset.json" || fail "a byte that is not UTF-8 cannot be read"
well_formed data runs hf imported g

# ---- runs and their report ----

run 0 status runs
calm out
says out 'finetune-say `touch'
[ "$(grep -c finished out)" -eq "$(sort -u out | grep -c finished)" ] || fail "two runs look the same"
run 2 pretrain --dataset "data/-rf" "${sizes[@]}" "${decoder[@]}" --name .hidden --out runs
says err '".hidden" would name a hidden folder'
for primary in "$code" -rf; do
    run 0 report --runs runs --data data --primary "finetune:$primary" --out report
    well_formed report
    [ "$(find report/figures -name 'accuracy-*.gp' | wc -l)" -ge 4 ] || { ls report/figures; fail "figures of two datasets became one"; }
    grep -qF 'say `touch canary1` &quot;a&quot; $(touch canary2) &#39;b&#39; %b; touch canary3 &amp; |&lt;i&gt;{x}#~^_\' \
        report/index.html || fail "the page does not show the name"
    grep -qF 'line\nbreak' report/index.html || grep -qF 'caf\xe9' report/index.html || fail "the page does not show the name"
done
run 0 reproduce all --runs runs --data data --out paper
well_formed paper
run 0 reproduce all --runs runs --data data
calm out
if [ -n "$(command -v pdflatex)" ]; then
    { printf '\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs}\\begin{document}\n'
      cat report/tables/accuracy.tex report/tables/datasets.tex
      printf '\\end{document}\n'; } >names.tex
    pdflatex -halt-on-error -no-shell-escape names.tex >tex.log 2>&1 || { tail -30 tex.log; fail "LaTeX does not take the tables"; }
fi

# ---- sweeps ----

json() { # json TEXT: as a JSON text
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"} text=${text//$'\n'/\\n} text=${text//$'\t'/\\t}
    printf '"%s"' "${text//$'\x1b'/\\u001b}"
}
sweep_of() { # sweep_of NAME...: a sweep of that name, with a task of each name
    printf '{"name": %s, "out": "s", "tasks": [' "$(json "$1")"
    for name in "$@"; do
        [ "$name" = "$1" ] || printf ','
        printf '{"task": %s, "run": ["man", "config"]}' "$(json "$name")"
    done
    printf ', {"task": "last", "stage": "x; touch canary7; / %%x", "needs": ['
    json "$1"
    printf '], "run": ["man", "{made:nothing}"]}]}\n'
}
fine=() refused=()
for name in "${table[@]//'{x}'/'{ }'}"; do # braces around a word are a variable's
    if [[ $name = *[$'\n\t\x1b\xff\xe9/']* || ${#name} -gt 127 ]]; then refused+=("$name"); else fine+=("$name"); fi
done
for name in "${refused[@]}" '' a/b; do
    sweep_of "$name" >bad.json
    run 2 sweep list ./bad.json
    [ ! -e s ] || fail "a refused sweep left files"
done
says err 'no "/" in names'
sweep_of $'a\nb' >bad.json
run 2 sweep list ./bad.json
says err "a\\nb\": a name is one line of UTF-8 text: letters, digits, blanks and punctuation are fine"

sweep_of "${fine[@]}" | sed 's/"man", "{made:nothing}"/"man", "sweep"/' >good.json
run 0 sweep list ./good.json
calm out
run 0 sweep show ./good.json -- -rf
run 0 sweep run ./good.json -- -rf
run 0 sweep status ./good.json
calm out
says out '1 finished'

# By SLURM: a stand-in for sbatch writes down its words and runs the job's one task at once, as SLURM would start it.
mkdir bin
cat >bin/sbatch <<'SH'
#!/usr/bin/env bash
printf '%q ' "$@" >>"$SCRATCH/words"
echo >>"$SCRATCH/words"
echo 17
[ -n "${SYNVID_TASKS:-}" ] || exit 0
while read -r index _; do
    for word in "$@"; do case $word in *task.sbatch) script=$word ;; esac; done
    while [ "$1" != "$script" ]; do shift; done
    SLURM_ARRAY_TASK_ID=$index bash "$script" "${@:2}" </dev/null >>"$SCRATCH/tasks.log" 2>&1
done <"$SYNVID_TASKS"
exit 0
SH
printf '#!/bin/sh\nexit 1\n' >bin/squeue
chmod +x bin/*
PATH=$scratch/bin:$(dirname "$synvid"):$PATH
export SCRATCH=$scratch PATH SYNVID_JOBS=$source/jobs
expect 0 "$synvid" sweep slurm ./good.json --submit
calm err out words tasks.log
grep -q -- '--job-name=x__touch_canary7_____x ' words || { cat words; fail "the job's name is not plain"; }
run 0 sweep status ./good.json
says out "$((${#fine[@]} + 1)) finished"
run 2 sweep slurm ./good.json --out 'back\slash'
says err 'a folder whose name has a backslash'
run 0 sweep slurm ./good.json --out "50% \`touch canary8\` \$(touch canary9)"
expect 0 bash "$made"
calm err out
grep -qF 'output=50%%' words || { cat words; fail "SLURM takes the folder for a pattern"; }
printf '{"state": "running", "host": "elsewhere", "pid": 1, "job": "$(touch canary10)"}' >s/sweep/last.json
rm 's/sweep/two words.json'
run 0 sweep slurm ./good.json
expect 0 bash "$made"
calm err out
rm s/sweep/last.json
run 0 sweep clean ./good.json --yes
