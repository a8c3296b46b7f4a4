#!/usr/bin/env bash
# A rank is stopped (SIGSTOP), killed or fails in the middle of the gradient exchange: while gradients are summed, while
# parameters are gathered; through shared memory, by messages between nodes, of any number of ranks. All ranks end within
# --hang-timeout, with the documented exit code and one message that names the rank; the same command again succeeds.
. "$2/tests/support/fault.sh"
timeout_s=4
tolerance_s=8 # for starting, and for the launcher to end what it started
pretrain=(pretrain --dataset in/train "${tiny_model[@]}" "${tiny_decoder[@]}" --batch 12 --set train.micro_batch=2
    --epochs 4 --set train.warmup_epochs=1 --set train.checkpoint_steps=1 --threads 1 --progress none
    --hang-timeout "${timeout_s}s")
expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 8 --videos 16 --out in/train -q

disturb() { # disturb RANKS VISIT: exit code, output and seconds of the run that is disturbed there
    rm -rf runs
    code=0 started=$EPOCHREALTIME
    SYNVID_FAULT=$2 run "$1" "$synvid" "${pretrain[@]}" --out runs >out 2>err || code=$?
    seconds=$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { print int(b - a) }')
    [ "$seconds" -le $((timeout_s + tolerance_s)) ] || fail "$2 on $1 ranks: it took $seconds s"
}

ends_with() { # ends_with CODE: of the last disturb; only 0 leaves a result
    [ "$code" -eq "$1" ] || { cat err; fail "exit code $code instead of $1"; }
    [ "$code" -eq 0 ] || [ -z "$(find runs -name result.json)" ] || fail "a result is there"
}

stopped() { # stopped RANKS POINT RANK: the others say who does not answer
    disturb "$1" "$2:rank=$3:nth=2:stop"
    ends_with 70
    one_error "no answer from rank $3;" # in this exchange or in what follows, as far as what it sent before carries
}

killed() { # killed RANKS POINT RANK: the launcher says who
    disturb "$1" "$2:rank=$3:nth=2:kill"
    ends_with "$(killed_rank)"
    if [ "$code" -eq 137 ]; then says err "process rank $3 "; else says err "BAD TERMINATION"; fi
}

# The same command again ends well.
recovers() { # recovers RANKS
    expect 0 run "$1" "$synvid" "${pretrain[@]}" --out runs
}

failed() { # failed RANKS POINT RANK
    disturb "$1" "$2:rank=$3:nth=2"
    ends_with 70
    one_error "rank $3: the gradient exchange: injected fault"
}

for point in exchange.scatter exchange.gather; do
    for how in stopped killed failed; do
        $how 2 $point 1
        $how 3 $point 2
    done
    stopped 3 $point 0
    SYNVID_RANKS_PER_NODE=1 stopped 2 $point 0
    SYNVID_RANKS_PER_NODE=1 killed 2 $point 1
    SYNVID_RANKS_PER_NODE=1 stopped 3 $point 1
    SYNVID_RANKS_PER_NODE=2 killed 3 $point 2
    SYNVID_RANKS_PER_NODE=1 failed 3 $point 1
    recovers 2
done

# A rank that is only slow is waited for: it goes on before the time is up.
disturb 2 "exchange.gather:rank=1:nth=2:wait=1"
ends_with 0
