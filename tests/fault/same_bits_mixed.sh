#!/usr/bin/env bash
# The promise of training in mixed precision: twenty steps end in the same weights to the bit on 1, 2, 3 and 4 ranks of 1
# and 2 threads, recomputed or kept, killed on 2 ranks and finished on 3; the result says what it was made with, and
# float32 ends elsewhere. Nodes send each other rounded matrices: on 2, 3, 4 and 5 nodes nothing changes, not in what is
# tested in float32 after fine-tuning either, and a run goes on from a checkpoint of three nodes, which is not rounded. Where the processor has the instructions, their emulation ends in the same bits.
. "$2/tests/support/fault.sh"
learn=(pretrain --variant moving-shapes --set data.size=24 --set data.frames=20 --set "data.with=[\"objects=20\"]"
    --clips 160 --epochs 1 --batch 8 --set train.micro_batch=2 --set train.warmup_epochs=0.25 --base-lr 0.1
    --set data.frame_stride=2 --set train.log_steps=1 --set train.checkpoint_steps=6 --seed 5 --progress none
    "${tiny_model[@]}" "${tiny_decoder[@]}")
mixed=("${learn[@]}" --set train.precision=bfloat16 --out)

weights() { # weights DIR: digest of the final weights of the only run in DIR
    sed -n '/"final weights"/,/}/s/.*"digest": "\(.*\)".*/\1/p' "$1"/*/result.json
}

same() { # same DIR: the weights and curves of the run in DIR are those of the run on one thread
    [ "$(weights "$1")" = "$expected" ] || fail "$1 ends in weights $(weights "$1") instead of $expected"
    cmp one/*/curves.jsonl "$1"/*/curves.jsonl || fail "$1 has other curves"
}

expect 0 run 1 "$synvid" "${mixed[@]}" one --threads 1
expected=$(weights one)
[ ${#expected} -eq 32 ] || fail "no digest of the final weights: $expected"
grep -q '"train.precision bfloat16 instead of float32"' one/*/result.json || fail "the result does not say bfloat16"

for shape in "1 2" "2 2" "3 1" "4 1"; do
    read -r n threads <<<"$shape"
    expect 0 run "$n" "$synvid" "${mixed[@]}" "ranks-$n-threads-$threads" --threads "$threads"
    same "ranks-$n-threads-$threads"
done
expect 0 run 1 "$synvid" "${mixed[@]}" recomputed --threads 1 --set model.recompute=true
same recomputed

expect "$(killed_rank)" env SYNVID_FAULT=train.exchange:rank=1:nth=8:kill \
    mpirun -n 2 "$synvid" "${mixed[@]}" killed --threads 1
expect 0 run 3 "$synvid" "${mixed[@]}" killed --threads 1
once "going on from the checkpoint of step 6 of 20"
same killed

for shape in "2 1 1" "3 2 1" "5 1 1" "4 1 2" "5 1 2"; do
    read -r n threads size <<<"$shape"
    expect 0 env SYNVID_RANKS_PER_NODE="$size" mpirun -n "$n" "$synvid" "${mixed[@]}" "nodes-$n-of-$size" \
        --threads "$threads"
    same "nodes-$n-of-$size"
done
expect 137 env SYNVID_RANKS_PER_NODE=1 SYNVID_FAULT=train.exchange:rank=1:nth=8:kill \
    mpirun -n 3 "$synvid" "${mixed[@]}" killed-nodes --threads 1
expect 0 run 2 "$synvid" "${mixed[@]}" killed-nodes --threads 1
once "going on from the checkpoint of step 6 of 20"
same killed-nodes

for part in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 8 --videos 8 --seed 3 --out "$part" -q
done
tune=(finetune --checkpoint one/* --train train --test test "${tiny_model[@]}" --epochs 2 --batch 4
    --set train.micro_batch=1 --set train.precision=bfloat16 --progress none --threads 1)
expect 0 run 1 "$synvid" "${tune[@]}" --out tuned-alone
expect 0 env SYNVID_RANKS_PER_NODE=1 mpirun -n 3 "$synvid" "${tune[@]}" --out tuned
[ -n "$(weights tuned-alone)" ] || fail "no digest of the tuned weights"
[ "$(weights tuned)" = "$(weights tuned-alone)" ] || fail "fine-tuning on three nodes ends in other weights"
cmp tuned-alone/*/predictions.csv tuned/*/predictions.csv || fail "three nodes predict something else"

expect 0 run 1 "$synvid" "${learn[@]}" --out plain --threads 1
[ "$(weights plain)" != "$expected" ] || fail "float32 ends in the same weights"

if SYNVID_KERNELS=avx512bf16 "$synvid" "${mixed[@]}" instructions --threads 1 >/dev/null 2>&1; then
    expect 0 env SYNVID_KERNELS=avx512 "$synvid" "${mixed[@]}" emulated --threads 1
    [ "$(weights emulated)" = "$(weights instructions)" ] || fail "the emulation ends in other weights"
fi
