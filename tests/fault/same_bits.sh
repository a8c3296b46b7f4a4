#!/usr/bin/env bash
# The promise of training, in one place: twenty steps end in the same weights to the bit on any number of ranks and
# threads, of one or several nodes, by teams of any size, with clips loaded ahead or in the step, killed on 2 ranks and
# finished on 1, and from stored videos as from the same videos rendered while training. Another seed ends elsewhere.
# Again with eleven leaves, which neither ranks nor nodes nor teams divide, killed on one number of ranks and finished on
# another.
. "$2/tests/support/fault.sh"
videos=(--set data.size=24 --set data.frames=20 --set "data.with=[\"objects=20\"]")
learn=(--clips 160 --epochs 1 --batch 8 --set train.micro_batch=2 --set train.warmup_epochs=0.25 --base-lr 0.1
    --set data.frame_stride=2 --set train.log_steps=1 --set train.checkpoint_steps=6 --seed 5 --progress none
    "${tiny_model[@]}" "${tiny_decoder[@]}")
live=(pretrain --variant moving-shapes "${videos[@]}" "${learn[@]}" --out)

weights() { # weights DIR: digest of the final weights of the only run in DIR
    sed -n '/"final weights"/,/}/s/.*"digest": "\(.*\)".*/\1/p' "$1"/*/result.json
}

same() { # same DIR [REFERENCE]: the weights and curves of the run in DIR are those of the run on one rank
    [ "$(weights "$1")" = "$expected" ] || fail "$1 ends in weights $(weights "$1") instead of $expected"
    cmp "${2:-one}"/*/curves.jsonl "$1"/*/curves.jsonl || fail "$1 has other curves"
}

expect 0 run 1 "$synvid" "${live[@]}" one --threads 1 --set train.loaders=0
says err "trained to step 20 of 20"
expected=$(weights one)
[ ${#expected} -eq 32 ] || fail "no digest of the final weights: $expected"

for shape in "1 2" "1 3" "2 1" "2 2" "3 1" "4 1"; do
    read -r n threads <<<"$shape"
    expect 0 run "$n" "$synvid" "${live[@]}" "ranks-$n-threads-$threads" --threads "$threads"
    same "ranks-$n-threads-$threads"
done

# Two ranks of one team each.
expect 0 run 2 "$synvid" "${live[@]}" teams --threads 2 --set train.team=2
same teams

expect 0 run 1 "$synvid" "${live[@]}" ahead --threads 2 --set train.loaders=3
same ahead

# Leaves shared by teams of threads, in both precisions: eleven of them, which no team divides, and a model large enough
# that there is something to share. Killed in the middle of an exchange with one team and finished with others.
shared=(pretrain --variant moving-shapes "${videos[@]}" --clips 88 --epochs 5 --batch 22 --set train.micro_batch=2
    --set train.warmup_epochs=0.5 --base-lr 0.1 --set data.frame_stride=2 --set train.log_steps=1
    --set train.checkpoint_steps=6 --seed 5 --progress none --set model.image_size=32 --set model.n_frames=8
    --set model.patch_size=8 --set model.width=96 --set model.depth=2 --set model.heads=3
    --set model.decoder_width=64 --set model.decoder_depth=1 --set model.decoder_heads=2 --out)
for precision in float32 bfloat16; do
    options=(--set "train.precision=$precision")
    expect 0 run 1 "$synvid" "${shared[@]}" "$precision-alone" --threads 1 --set train.team=1 "${options[@]}"
    says err "trained to step 20 of 20"
    expected=$(weights "$precision-alone")
    [ ${#expected} -eq 32 ] || fail "no digest of the final weights: $expected"
    for shape in "1 2 1" "1 2 2" "1 3 3" "1 4 2" "1 4 3" "1 4 4" "2 2 2" "2 3 2" "3 2 2" "3 3 2" "5 2 1"; do
        read -r n threads team <<<"$shape"
        out=$precision-$n-$threads-$team
        expect 0 run "$n" "$synvid" "${shared[@]}" "$out" --threads "$threads" --set "train.team=$team" "${options[@]}"
        [ "$(weights "$out")" = "$expected" ] || fail "$out ends in weights $(weights "$out") instead of $expected"
        cmp "$precision-alone"/*/curves.jsonl "$out"/*/curves.jsonl || fail "$out has other curves"
    done
    expect 137 env SYNVID_FAULT=train.exchange:rank=0:nth=8:kill \
        "$synvid" "${shared[@]}" "$precision-killed" --threads 2 --set train.team=2 "${options[@]}"
    expect 137 env SYNVID_FAULT=train.step:rank=0:nth=7:kill \
        "$synvid" "${shared[@]}" "$precision-killed" --threads 3 --set train.team=3 "${options[@]}"
    once "going on from the checkpoint of step 6 of 20"
    expect 0 run 1 "$synvid" "${shared[@]}" "$precision-killed" --threads 4 --set train.team=2 "${options[@]}"
    once "going on from the checkpoint of step 12 of 20"
    [ "$(weights "$precision-killed")" = "$expected" ] || fail "$precision-killed ends in other weights"
done
expected=$(weights one)

# Four ranks on what behaves as two or four nodes: gradients travel as messages.
for size in 1 2; do
    expect 0 env SYNVID_RANKS_PER_NODE=$size mpirun -n 4 "$synvid" "${live[@]}" \
        "nodes-of-$size" --threads 1
    same "nodes-of-$size"
done

# Killed twice on two ranks: in the middle of an exchange, and when it goes on. Finished on one.
expect "$(killed_rank)" env SYNVID_FAULT=train.exchange:rank=1:nth=8:kill \
    mpirun -n 2 "$synvid" "${live[@]}" killed --threads 1
expect "$(killed_rank)" env SYNVID_FAULT=train.step:rank=0:nth=7:kill \
    mpirun -n 2 "$synvid" "${live[@]}" killed --threads 1
once "going on from the checkpoint of step 6 of 20"
expect 0 run 1 "$synvid" "${live[@]}" killed --threads 2
once "going on from the checkpoint of step 12 of 20"
same killed

# The same videos from shards of pixels and of latent parameters, on two ranks.
for storage in raw latent; do
    expect 0 run 1 "$synvid" generate --variant moving-shapes --size 24 --frames 20 --set "with=[\"objects=20\"]" \
        --videos 160 --seed 5 --shard-videos 64 --storage "$storage" --progress none --threads 1 --out "stored-$storage"
    expect 0 run 2 "$synvid" pretrain --dataset "stored-$storage" "${learn[@]}" --threads 1 --out "from-$storage"
    same "from-$storage"
done

expect 0 run 1 "$synvid" "${live[@]}" other --threads 1 --seed 6
[ "$(weights other)" != "$expected" ] || fail "another seed ends in the same weights"

# Eleven leaves on any number of ranks; five of them as nodes of two, two and one; more ranks than leaves.
odd=(pretrain --variant moving-shapes "${videos[@]}" "${learn[@]}" --clips 440 --batch 22 --out)
expect 0 run 1 "$synvid" "${odd[@]}" odd --threads 2
says err "trained to step 20 of 20"
expected=$(weights odd)
for shape in "2 2" "3 1" "5 1" "6 1" "7 1" "12 1"; do
    read -r n threads <<<"$shape"
    expect 0 run "$n" "$synvid" "${odd[@]}" "odd-$n" --threads "$threads"
    same "odd-$n" odd
done
says err "1 of 12 ranks have no leaf to compute"
expect 0 env SYNVID_RANKS_PER_NODE=2 mpirun -n 5 "$synvid" "${odd[@]}" odd-nodes \
    --threads 1
same odd-nodes odd

# Killed on three ranks, stopped again on five, where each step exchanges three sections, finished on two.
expect "$(killed_rank)" env SYNVID_FAULT=train.exchange:rank=1:nth=8:kill \
    mpirun -n 3 "$synvid" "${odd[@]}" odd-killed --threads 1
expect "$(killed_rank)" env SYNVID_RANKS_PER_NODE=1 SYNVID_FAULT=exchange.scatter:rank=4:nth=20:kill \
    mpirun -n 5 "$synvid" "${odd[@]}" odd-killed --threads 1
once "going on from the checkpoint of step 6 of 20"
expect 0 run 2 "$synvid" "${odd[@]}" odd-killed --threads 2
once "going on from the checkpoint of step 12 of 20"
same odd-killed odd
