#!/usr/bin/env bash
# pretrain, finetune, probe and export as a user runs them: plans, results, paths on stdout, and what they refuse.
. "$2/tests/support/cli.sh"
model=(image_size=16 n_frames=4 patch_size=8 width=16 depth=2 heads=2 decoder_width=8 decoder_depth=1 decoder_heads=1)
sizes=()
for setting in "${model[@]}"; do sizes+=(--set "model.$setting"); done
learn=("${sizes[@]}" --batch 8 --set train.micro_batch=2 --epochs 2 --progress none --threads 1)
pretrain=(pretrain --variant moving-circles --set data.with='["objects=20"]' --set data.size=16 --set data.frames=20
    --clips 16 "${learn[@]}")
views=(--set data.test_clips=2 --set data.test_crops=1)

for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 20 --videos 16 --split $split --out $split \
        --progress none
done
expect 0 "$synvid" generate --variant static-circles --size 16 --frames 20 --videos 9 --out unlabelled --progress none

# A dry run writes nothing, tells sizes, and needs no MPI.
(
    forbid_mpi
    for command in "pretrain --config paper --variant moving-circles" "pretrain --config vit_test --dataset unlabelled --batch 3 --set train.micro_batch=1" \
        "finetune --config paper --train train --test test --batch 16" "probe --config vit_test --train train --test test"; do
        # shellcheck disable=SC2086  # words are wanted
        expect 0 "$synvid" $command --out nothing --dry-run
        says out "core-hours"
        fits out
    done
    [ ! -e nothing ] || fail "a dry run made its folder"
)

# The chain: every stage prints its run folder, which the next takes, also without its digest.
expect 0 "$synvid" "${pretrain[@]}" --out runs
run=$(cat out)
for file in result.json reconstruction.png curves.jsonl; do [ -s "$run/$file" ] || fail "no $run/$file"; done
says err "trained to step 4 of 4"
says err "; model arithmetic "
says err "waited for data "
for stage in finetune probe; do
    expect 0 "$synvid" $stage --checkpoint runs/moving-circles --train train --test test "${learn[@]}" "${views[@]}" --out runs
    [ -e "$(cat out)/predictions.csv" ] || fail "$(cat out) has no predictions"
    [ "$(wc -l <"$(cat out)/predictions.csv")" -eq 17 ] || fail "not 16 predictions"
    grep -q '"name": "reduced"' "$(cat out)/result.json" || fail "a small run is not called reduced"
    grep -q '"pretraining": "moving-circles"' "$(cat out)/result.json" || fail "the result does not name its pre-training"
    says err "top-1"
    expect 0 "$synvid" $stage --train train --test test "${learn[@]}" "${views[@]}" --out runs
    says out "runs/$stage-standin-motion-random-initialization-"
done
expect 0 "$synvid" finetune --checkpoint "$run" --train train --test test "${learn[@]}" "${views[@]}" --out runs
once "already finished"
expect 0 "$synvid" pretrain --dataset train "${learn[@]}" --out runs
says out "runs/standin-motion-"

# Export: what transformers expects, from both kinds of checkpoint.
expect 0 "$synvid" export "$run" --out hf
for file in config.json preprocessor_config.json model.safetensors README.md; do [ -s hf/$file ] || fail "no hf/$file"; done
grep -q '"VideoMAEForPreTraining"' hf/config.json || fail "wrong architecture"
grep -q '"hidden_size": 16' hf/config.json || fail "wrong width"
grep -aq 'videomae.encoder.layer.1.attention.attention.key.weight' hf/model.safetensors || fail "a name is missing"
expect 0 "$synvid" export runs/finetune-standin-motion-moving-circles --out hf-classifier
grep -q '"use_mean_pooling": true' hf-classifier/config.json || fail "not a classifier"
grep -q '"7": ' hf-classifier/config.json || fail "not eight classes"

# What cannot work ends before anything is made, with one message that names the setting.
refuses() { # refuses CODE TEXT COMMAND...
    local code=$1 text=$2
    shift 2
    expect "$code" "$synvid" "$@" --out refused
    [ "$(grep -c 'error:' err)" -eq 1 ] || fail "not one error: $(cat err)"
    grep -a 'error:' err | grep -aqF -e "$text" || fail "the error does not say $text: $(cat err)"
    [ ! -e refused ] || fail "something was left by: $*"
}
refuses 2 "nothing to train on" pretrain "${learn[@]}"
refuses 2 "data.dataset and data.variant are both given" "${pretrain[@]}" --dataset train
refuses 2 'did you mean "epochs"?' "${pretrain[@]}" --set train.epoch=3
refuses 2 "train.batch: 32 clips a step, but an epoch has only 16" "${pretrain[@]}" --batch 32
refuses 2 "model.width: 16 is not a positive multiple of model.heads 3" "${pretrain[@]}" --set model.heads=3
refuses 3 "missing" pretrain --dataset missing "${learn[@]}"
mkdir empty && refuses 3 "empty" pretrain --dataset empty "${learn[@]}"
refuses 2 "data.test is missing" finetune --train train "${learn[@]}"
refuses 3 "has no labels to learn" probe --train unlabelled --test unlabelled "${learn[@]}"
refuses 3 "no-such-run" finetune --train train --test test --checkpoint no-such-run "${learn[@]}"
refuses 2 "model.width: 32, but " probe --train train --test test --checkpoint "$run" "${learn[@]}" --set model.width=32
echo "not a checkpoint" >text.h5
refuses 3 "text.h5" probe --train train --test test --checkpoint text.h5 "${learn[@]}"
head -c 3000 "$(find "$run/ckpt" -name '*.h5')" >cut.h5
refuses 3 "cut.h5" probe --train train --test test --checkpoint cut.h5 "${learn[@]}"
refuses 3 "text.h5" export text.h5
