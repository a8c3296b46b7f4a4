#!/usr/bin/env bash
# Pre-training survives: a rank killed in the middle, a stop file, a time budget. The same command again ends in the same
# weights, and so does another rank count.
. "$2/tests/support/fault.sh"
model=(image_size=16 n_frames=4 patch_size=8 width=16 depth=2 heads=2 decoder_width=8 decoder_depth=1 decoder_heads=1)
pretrain=(pretrain --variant moving-circles --set data.with='["objects=20"]' --set data.size=16 --set data.frames=20
    --clips 24 --batch 8 --epochs 8 --set train.micro_batch=2 --set train.warmup_epochs=1 --set train.checkpoint_steps=5
    --set train.log_steps=1 --progress none --threads 1)
for setting in "${model[@]}"; do pretrain+=(--set "model.$setting"); done

weights() { # weights DIR: digest of the final weights of the only run in DIR
    grep -A2 '"final weights"' "$1"/moving-circles-*/result.json | sed -n 's/.*"digest": "\(.*\)".*/\1/p'
}

same_outcome() { # same_outcome A B
    [ -n "$(weights "$1")" ] || fail "no final weights in $1"
    [ "$(weights "$1")" = "$(weights "$2")" ] || fail "other weights in $2 than in $1"
    cmp "$1"/moving-circles-*/curves.jsonl "$2"/moving-circles-*/curves.jsonl || fail "other curves in $2 than in $1"
    cmp "$1"/moving-circles-*/result.json "$2"/moving-circles-*/result.json || fail "another result in $2 than in $1"
}

no_partials() { # no_partials DIR
    [ -z "$(find "$1" -name '*.partial')" ] || fail "partial files are left in $1"
}

# The whole run, on 1, 2 and 4 ranks; its path is printed.
expect 0 "$synvid" "${pretrain[@]}" --out whole
says out whole/moving-circles-
for n in 2 4; do
    expect 0 ranks "$n" "$synvid" "${pretrain[@]}" --out "whole$n"
    same_outcome whole "whole$n"
done

# A finished run is left alone.
expect 0 "$synvid" "${pretrain[@]}" --out whole
once "already finished"
says out whole/moving-circles-

# SIGKILL of one rank in the middle, between two checkpoints; again, with the other rank; then to the end.
expect "$(killed_rank)" env SYNVID_FAULT=train.exchange:rank=1:nth=8:kill \
    mpirun -n 2 "$synvid" "${pretrain[@]}" --out killed
[ "$(find killed -name 'step-*.h5')" ] || fail "no checkpoint before the kill"
expect "$(killed_rank)" env SYNVID_FAULT=train.step:rank=0:nth=9:kill \
    mpirun -n 2 "$synvid" "${pretrain[@]}" --out killed
once "going on from the checkpoint of step 5 of 24"
expect 0 ranks 2 "$synvid" "${pretrain[@]}" --out killed
once "going on from the checkpoint of step 10 of 24"
same_outcome whole killed
no_partials killed

# Killed on two ranks, finished on one.
expect "$(killed_rank)" env SYNVID_FAULT=train.step:rank=1:nth=13:kill \
    mpirun -n 2 "$synvid" "${pretrain[@]}" --out moved
expect 0 "$synvid" "${pretrain[@]}" --out moved
same_outcome whole moved

# Killed while a checkpoint is written: the one before counts.
expect 137 env SYNVID_FAULT=checkpoint.finish:nth=2:kill "$synvid" "${pretrain[@]}" --out torn
expect 0 "$synvid" "${pretrain[@]}" --out torn
once "going on from the checkpoint of step 5 of 24"
same_outcome whole torn
no_partials torn

# A stop file and a time budget: exit code 75, a checkpoint, no result; the file has done its work.
expect 137 env SYNVID_FAULT=train.step:nth=4:kill "$synvid" "${pretrain[@]}" --out stopped
run=$(echo stopped/moving-circles-*)
touch "$run/stop"
expect 75 ranks 2 "$synvid" "${pretrain[@]}" --out stopped
says err "stop file"
[ ! -e "$run/stop" ] || fail "the stop file is still there"
[ ! -e "$run/result.json" ] || fail "a stopped run has a result"
expect 75 "$synvid" "${pretrain[@]}" --out stopped --time-budget 0.001s
expect 0 ranks 2 "$synvid" "${pretrain[@]}" --out stopped
same_outcome whole stopped
