#!/usr/bin/env bash
# What is printed and does not arrive: on a full disk every command ends with exit code 4 and one message, whatever it
# prints; behind a closed pipe it is quiet; with stdout or stderr closed nothing is printed into a file of ours.
. "$2/tests/support/cli.sh"
forbid_mpi
[ -w /dev/full ] || { echo "skipped: no /dev/full"; exit 77; }
export SYNVID_CONFIGS=$source/configs

# ---- something of everything ----

quiet=(--progress none -q)
sizes=(--set model.image_size=16 --set model.n_frames=4 --set model.patch_size=8 --set model.width=16 --set model.depth=2
    --set model.heads=2)
decoder=(--set model.decoder_width=8 --set model.decoder_depth=1 --set model.decoder_heads=1)
learn=("${sizes[@]}" --batch 8 --set train.micro_batch=2 --epochs 1 "${quiet[@]}" --threads 1)
views=(--set data.test_clips=1 --set data.test_crops=1)
for split in train test; do
    "$synvid" generate --variant standin-motion --size 32 --frames 20 --videos 16 --split $split --out $split "${quiet[@]}" > made
done
"$synvid" pretrain --dataset train "${learn[@]}" "${decoder[@]}" --name mine --out runs > made
run=$(cat made)
"$synvid" finetune --checkpoint "$run" --train train --test test "${learn[@]}" "${views[@]}" --out runs > made
tuned=$(cat made)
echo '{}' > empty.json

# ---- the table: a command line a row, {n} a fresh name ----

table="
--help
--version
--fault-points
help config
variants
reproduce table1
reproduce table1 --format csv
completion bash
man
man sweep
config explain
config explain pretrain
config explain train.epochs
config schema pretrain
config show --kind pretrain {empty}
inspect train
inspect $run
inspect $tuned/result.json
verify train
status runs
sweep list quickstart
sweep show quickstart 3
generate --variant moving-circles --videos 10 --dry-run
generate --variant moving-circles --videos 1 --size 16 --out {n} ${quiet[*]}
textures --images 4 --dry-run
pretrain --dataset train ${learn[*]} ${decoder[*]} --dry-run
pretrain --dataset train ${learn[*]} ${decoder[*]} --out {n}
finetune --checkpoint $run --train train --test test ${learn[*]} ${views[*]} --dry-run
finetune --checkpoint $run --train train --test test ${learn[*]} ${views[*]} --out {n}
probe --checkpoint $run --train train --test test ${learn[*]} ${views[*]} --dry-run
probe --checkpoint $run --train train --test test ${learn[*]} ${views[*]} --out {n}
robust --checkpoint $tuned --test test --dry-run
robust --test test --sheet {n}.png ${quiet[*]}
controls --train train --test test --dry-run
analyze --dataset train --reference test --frames 20 --videos 8 --out {n} ${quiet[*]}
keys --encoder $run --dataset test --videos 4 --frames 4 --out {n} ${quiet[*]}
report --runs runs --out {n}
export $run --out {n}
import $source/tests/golden/import/transformers4 --out {n}
"
n=0
row() { # row LINE: the words of a row, in `words`
    n=$((n + 1))
    local line=${1//\{n\}/made-$n}
    line=${line//\{empty\}/empty.json}
    read -ra words <<< "$line"
}

while read -r line; do
    [ -n "$line" ] || continue
    row "$line"
    expect 0 "$synvid" "${words[@]}"
    [ -s out ] || fail "synvid $line prints nothing, which tests nothing"
    row "$line"
    code=0
    "$synvid" "${words[@]}" > /dev/full 2> err || code=$?
    [ $code -eq 4 ] || { cat err; fail "exit code $code instead of 4 on a full disk: synvid $line"; }
    once "error: standard output: No space left on device"
    ways="yes no" # of what comes through a stage the way out is the same
    case $line in *"{n}"*) ways=no ;; esac
    for ignored in $ways; do
        row "$line"
        code=0
        (
            [ "$ignored" = no ] || trap '' PIPE
            sleep 0.1
            code=0
            "$synvid" "${words[@]}" 2> err || code=$?
            echo $code > code
        ) | true
        [ "$(cat code)" -eq 141 ] || { cat err; fail "exit code $(cat code) instead of 141 behind a closed pipe: synvid $line"; }
        grep -qiE 'error|pipe' err && { cat err; fail "talks about a closed pipe: synvid $line"; }
    done
done <<< "$table"

for line in "config explain pretrain" "man" "reproduce table1"; do # long, and more than a pipe holds
    read -ra words <<< "$line"
    "$synvid" "${words[@]}" 2> err | head -n 1 > first || true
    if [ ! -s first ] || [ -s err ]; then cat err; fail "talks about a closed pipe: synvid $line | head"; fi
    expect 4 eval "\"\$synvid\" $line >&-"
    once "error: standard output: Bad file descriptor"
done

# Every command there is, by its help and its page.
for command in $("$synvid" --help | awk '/^[A-Z].*:$/ { list = !/^Start/ } list && /^  [a-z]/ { print $1 }'); do
    for line in "$command --help" "man $command"; do
        read -ra words <<< "$line"
        code=0
        "$synvid" "${words[@]}" > /dev/full 2> err || code=$?
        [ $code -eq 4 ] || fail "exit code $code instead of 4 on a full disk: synvid $line"
        once "error: standard output: No space left on device"
    done
    grep -qE "^(-.*|man|help)?$command|^$command" <<< "$table" || case $command in
        ingest | bench) ;; # no quick form that prints
        *) fail "no row for synvid $command in the table of this test" ;;
    esac
done

# ---- what has failed fails as it did, and messages that are lost count, too ----

code=0
"$synvid" > /dev/full 2> err || code=$?
[ $code -eq 4 ] || fail "exit code $code instead of 4 of the overview"
code=0
"$synvid" verify train nowhere > /dev/full 2> err || code=$?
[ $code -eq 3 ] || fail "exit code $code instead of 3: the first failure counts"
code=0
"$synvid" verify train nowhere 2> /dev/full > out || code=$?
[ $code -eq 3 ] || fail "exit code $code instead of 3 with messages lost"
code=0
"$synvid" export "$run" --out told 2> /dev/full > out || code=$?
[ $code -eq 4 ] || fail "exit code $code instead of 4 with messages lost on a full disk"
says out told
expect 0 "$synvid" export "$run" --out unheard
"$synvid" export "$run" --out silent 2>&- || fail "a closed stderr is no failure"

# A file that is opened while stdout or stderr is closed is not printed into.
small=(generate --variant moving-circles --videos 4 --size 16 --progress none)
expect 0 "$synvid" "${small[@]}" --out whole
"$synvid" verify whole > digest
for closed in ">&-" "2>&-" ">&- 2>&-" "<&- >&- 2>&-"; do
    rm -rf whole
    eval "\"\$synvid\" \"\${small[@]}\" --out whole $closed" > said 2>&1 || true
    "$synvid" verify whole | cmp - digest || fail "another dataset with $closed"
done
