#!/usr/bin/env bash
# What is tested does not depend on teams of threads either: fine-tuning, probes on kept and on augmented features, the
# attentive probe and a test under corruption give the same weights, predictions and figures by teams of 1, 2, 3 and 4
# threads on 1, 2 and 3 ranks, where there are fewer videos than threads; so do attention keys and distances on an
# encoder's features. The models are large enough that there is something to share.
. "$2/tests/support/fault.sh"
for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 36 --frames 16 --split "$split" --videos 6 --seed 3 \
        --out "$split" -q
done
model=(--set model.image_size=32 --set model.n_frames=8 --set model.patch_size=8 --set model.width=96
    --set model.depth=2 --set model.heads=3)
learn=(--train train --test test "${model[@]}" --epochs 2 --batch 4 --set train.micro_batch=2 --set data.frame_stride=2
    --set data.test_clips=2 --set data.test_crops=1 --progress none)

files() { # files DIR: digests of weights, predictions and cells of the only run in DIR
    sed -n '/"final weights"/,/}/s/.*"digest": "\(.*\)".*/\1/p' "$1"/*/result.json
    find "$1" \( -name predictions.csv -o -path '*/cells/*.csv' \) -exec md5sum {} + | sed 's|  .*/|  |' | sort
}

same() { # same STAGE COMMAND...: by any teams
    local stage=$1 n threads team
    shift
    expect 0 run 1 "$@" --threads 1 --out "$stage-1"
    [ -n "$(files "$stage-1")" ] || fail "$stage leaves nothing to compare"
    for shape in "1 2 2" "1 4 4" "1 4 3" "2 2 2" "3 2 2"; do
        read -r n threads team <<<"$shape"
        expect 0 run "$n" "$@" --threads "$threads" --set "train.team=$team" --out "$stage-$n-$threads-$team"
        diff <(files "$stage-1") <(files "$stage-$n-$threads-$team") || fail "$stage: $shape ends elsewhere"
    done
}

same finetune "$synvid" finetune "${learn[@]}"
same probe "$synvid" probe "${learn[@]}"
same augmented "$synvid" probe "${learn[@]}" --set data.augment=true
same attentive "$synvid" probe "${learn[@]}" --set protocol=attentive --set readout.heads=3
expect 0 "$synvid" finetune "${learn[@]}" --threads 2 --set train.team=2 --out tuned # a test under corruption takes its team
expect 0 "$synvid" finetune "${learn[@]}" --threads 1 --out alone
for runs in tuned alone; do
    expect 0 "$synvid" robust --checkpoint $runs/* --corruptions gaussian_noise,jpeg --severities 3 --threads 2 \
        --progress none --out "$runs-robust"
done
diff <(files alone-robust) <(files tuned-robust) || fail "robustness by a team ends elsewhere"

# Teams choose themselves where videos are fewer than threads and a clip is some billion operations.
expect 0 "$synvid" generate --variant standin-motion --size 112 --frames 16 --split train --videos 4 --seed 3 \
    --out large -q
expect 0 "$synvid" pretrain --variant standin-motion --clips 2 --batch 2 --epochs 1 --set train.warmup_epochs=0 \
    --set model.image_size=112 --set model.patch_size=8 --set model.width=192 --set model.depth=2 --set model.heads=3 \
    --set model.decoder_width=48 --set model.decoder_depth=1 --set model.decoder_heads=1 --mask-ratio 0.9 \
    --progress none --out encoder -q
for threads in 1 4; do
    expect 0 "$synvid" keys --encoder encoder/* --dataset large --videos 2 --frames 16 --threads $threads \
        --out "keys-$threads" -v --progress none
    cp err "keys-$threads.log"
    expect 0 "$synvid" analyze --dataset large --reference large --encoder encoder/* --videos 4 --frames 8 \
        --threads $threads --out "analyze-$threads" -v --progress none
    cp err "analyze-$threads.log"
done
for what in keys analyze; do
    grep -q "4 threads in [12] teams\? of [24]" "$what-4.log" || fail "$what used no team"
    cmp $what-1/*/result.json $what-4/*/result.json || fail "$what by a team ends elsewhere"
done
cmp keys-1/*/keys.png keys-4/*/keys.png || fail "keys of a team look different"
