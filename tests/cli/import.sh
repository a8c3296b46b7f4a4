#!/usr/bin/env bash
# import as a user runs it: a run exported, imported and exported again; stages from it as from the run itself; what it
# refuses, with nothing left behind.
. "$2/tests/support/cli.sh"
model=(image_size=16 n_frames=4 patch_size=8 width=16 depth=2 heads=2 decoder_width=8 decoder_depth=1 decoder_heads=1)
sizes=()
for setting in "${model[@]}"; do sizes+=(--set "model.$setting"); done
learn=("${sizes[@]}" --batch 8 --set train.micro_batch=2 --epochs 1 --progress none --threads 1)
views=(--set data.test_clips=1 --set data.test_crops=1)
golden=$source/tests/golden/import

for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 32 --frames 20 --videos 16 --split $split --out $split \
        --progress none
done
expect 0 "$synvid" pretrain --dataset train "${learn[@]}" --name mine --out runs
run=$(cat out)
expect 0 "$synvid" export "$run" --out hf
expect 0 "$synvid" import hf --out imported --name mine
[ "$(cat out)" = imported ] || fail "the run folder is not told"
expect 0 "$synvid" export imported --out hf2
cmp hf/model.safetensors hf2/model.safetensors || fail "weights changed on the way"
cmp hf/config.json hf2/config.json || fail "the configuration changed on the way"
expect 0 "$synvid" verify imported/ckpt/step-00000000.h5

# The same numbers from both, whichever stage.
for stage in finetune probe; do
    for from in "$run" imported; do
        expect 0 "$synvid" $stage --checkpoint "$from" --train train --test test "${learn[@]}" "${views[@]}" --out "from-$(basename "$from")"
        cp "$(cat out)/predictions.csv" "$stage-$(basename "$from").csv"
    done
    cmp "$stage-$(basename "$run").csv" $stage-imported.csv || fail "$stage differs"
done
for from in "$run" imported; do
    expect 0 "$synvid" analyze --dataset train --reference test --encoder "$from" --frames 20 --videos 8 --progress none --out "looks-$(basename "$from")"
    grep -A2 VideoMAE "$(tail -n 1 out)/result.json" > "distances-$(basename "$from")" || fail "analyze says no distance"
done
cmp "distances-$(basename "$run")" distances-imported || fail "analyze differs"

# Folders of a report and the status of runs may hold it.
expect 0 "$synvid" inspect imported
says out "result of import"
says out "configuration of import"
expect 0 "$synvid" report --runs . --out report

expect 0 "$synvid" inspect "$golden/official.pth"
says out "synvid import $golden/official.pth --out RUN"

# Official checkpoints: the usual sizes are told, the rest is asked for.
told=(--image-size 8 --frames 4 --heads 3 --decoder-heads 2)
expect 0 "$synvid" import "$golden/official.pth" --out official "${told[@]}"
says err 'the model is in the group "model."'
expect 2 "$synvid" import "$golden/official.pth" --out official "${told[@]}"
says err "is there already"
expect 2 "$synvid" import "$golden/official.pth" --out other --image-size 8 --frames 4
says err "give --heads"
expect 2 "$synvid" import "$golden/official.pth"
says err "--out RUN is missing"
expect 2 "$synvid" import "$golden/official.pth" --out other --heads 9000
says err "--heads: 9000"
expect 3 "$synvid" import "$golden/classifier.gold" --out other
says err "not a weight file"
head -c 20000 "$golden/official.pth" > cut.pth
expect 3 "$synvid" import cut.pth --out other "${told[@]}"
expect 4 env SYNVID_FAULT=checkpoint.finish "$synvid" import "$golden/official.pth" --out other "${told[@]}"
for left in other other.partial; do [ ! -e $left ] || fail "$left was left behind"; done
