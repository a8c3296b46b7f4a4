#!/usr/bin/env bash
# `synvid status`: one line a run that says whether it runs, stopped, failed, died or finished, and how far it is.
. "$2/tests/support/cli.sh"
train() { # train NAME EPOCHS [OPTIONS]: in the background; $main is its process
    "$synvid" pretrain --config smoke --variant static-circles --name "$1" --epochs "$2" --threads 1 --progress none \
        --out runs "${@:3}" >/dev/null 2>train.err &
    main=$!
}
line() { # line NAME PATTERN: the run's line (and remark) matches
    grep -A 1 "^$1-" out | grep -qE -e "$2" || { cat out train.err; fail "the line of $1 does not match: $2"; }
}
wait_for() { # wait_for NAME: until it has logged a step
    local tries=0
    until [ -s "$(echo runs/"$1"-*/timings.jsonl)" ]; do
        sleep 0.05
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { cat train.err; fail "$1 does not train"; }
    done
}

train ends 4
wait $main
train stops 1000000 --set train.checkpoint_steps=100
wait_for stops
expect 0 "$synvid" status runs
line ends ' finished +16/16 +[0-9.]+ +[0-9.e+]+ clips/s +[a-z0-9.-]+ +step 16, '
line stops ' running +[0-9,]+/4,000,000 +[0-9.]+ +[0-9.e+]+ clips/s +[0-9]+ .* '
says out "2 runs: 1 finished 1 running"
kill -USR1 $main
wait $main || true
train dies 1000000
wait_for dies
kill -KILL $main
wait $main 2>/dev/null || true
SYNVID_FAULT=train.step:nth=6 train fails 1000
wait $main || true
expect 0 "$synvid" status runs
line stops ' stopped .* step [0-9,]+, '
line stops 'SIGUSR1'
line dies ' died '
line dies 'without a word'
line fails ' failed '
line fails 'error'
says out "4 runs: 1 finished 1 stopped 1 failed 1 died"

# Watching ends when nothing runs any more; single runs can be named.
expect 0 "$synvid" status runs/ends-* runs/dies-* --watch 1
says out "2 runs: 1 finished 1 died"
expect 3 "$synvid" status nowhere
says err "no such folder"
mkdir empty
expect 3 "$synvid" status empty
says err "no runs there"
expect 2 "$synvid" status
