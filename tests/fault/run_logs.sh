#!/usr/bin/env bash
# The run log of every stage that leaves a run folder keeps its documented words (docs/formats.md, run.json): each life
# ends "error: <what>", "stopped: <why>" or "finished", and "ended without a word" when it was killed; on one rank and two.
. "$2/tests/support/fault.sh"
make_inputs
expect 0 "$synvid" finetune --train in/train --test in/test --name tuned --set data.test_clips=1 --set data.test_crops=1 \
    "${tiny_model[@]}" "${learn[@]}" --out in/runs -q
base=$(echo in/runs/base-*)

stage() { # stage NAME OUT: sets command
    case $1 in
        robust) command=(robust --checkpoint in/runs/tuned --corruptions "jpeg,freeze" --severities 1 --threads 1
            --progress none --out "$2") ;;
        controls) command=(controls --train in/train --test in/test --set side=4 --set n_frames=4
            --set frame_stride=2 --out "$2") ;;
        keys) command=(keys --encoder "$base" --dataset in/test --videos 4 --frames 4 --threads 1 --progress none
            --out "$2") ;;
        *) experiment "$1" "$2" ;;
    esac
}

exits() { # exits OUT: how each life ended, in order
    sed -n 's/.*"exit": *"\(.*\)",*$/\1/p' "$1"/*-*/run.json
}

last() { # last OUT REGEX: the last life ended so
    exits "$1" | tail -n 1 | grep -qx "$2" || { cat "$1"/*-*/run.json; fail "$1: the last exit is not: $2"; }
}

ends_in_words() { # ends_in_words STAGE POINT RANKS: fails, is killed, finishes, and is left alone
    local out=$1-$3
    stage "$1" "$out"
    ! SYNVID_FAULT=$2:rank=0 run "$3" "$synvid" "${command[@]}" >out 2>err || fail "$1 does not visit $2"
    last "$out" "error: .*injected fault.*"
    SYNVID_FAULT=$2:rank=0:kill run "$3" "$synvid" "${command[@]}" >out 2>err || true
    last "$out" running
    expect 0 run "$3" "$synvid" "${command[@]}"
    [ "$(exits "$out" | sed -n 2p)" = "ended without a word" ] || fail "$1: a life that was killed is not called so"
    last "$out" finished
    expect 0 run "$3" "$synvid" "${command[@]}"
    says err "already finished: $out/"
    [ "$(exits "$out" | wc -l)" -eq 4 ] || fail "$1: not four lives"
}

stops_in_words() { # stops_in_words STAGE POINT RANKS
    local out=$1-stopped-$3 code=0
    stage "$1" "$out"
    SYNVID_FAULT=$2:wait=0.05 run "$3" "$synvid" "${command[@]}" --time-budget 0.01s >out 2>err || code=$?
    [ "$code" -eq 75 ] || { cat err; fail "$1: exit code $code instead of 75"; }
    last "$out" "stopped: time budget"
    expect 0 run "$3" "$synvid" "${command[@]}"
    last "$out" finished
}

for n in 1 2; do
    ends_in_words pretrain train.step $n
    ends_in_words finetune forward.video $n
    ends_in_words probe forward.video $n
    ends_in_words robust forward.video $n
    ends_in_words analyze analyze.chunk $n
    ends_in_words keys result.write $n
    stops_in_words pretrain train.step $n
    stops_in_words finetune forward.video $n
    stops_in_words probe forward.video $n
    stops_in_words robust forward.video $n
    stops_in_words analyze analyze.chunk $n
done
ends_in_words controls result.write 1

# What is imported was finished at once.
expect 0 "$synvid" export "$base" --out hf
expect 0 "$synvid" import hf --out in/runs/other-0 --name other
[ "$(sed -n 's/.*"exit": *"\(.*\)",*$/\1/p' in/runs/other-0/run.json)" = finished ] || fail "import does not say finished"
