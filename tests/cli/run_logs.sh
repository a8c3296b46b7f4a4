#!/usr/bin/env bash
# How a life of a run ended stands in its run.json, of every stage alike: "finished", "error: ..." with the message that
# was printed, "stopped: ..." with the reason.
. "$2/tests/support/cli.sh"
forbid_mpi
sizes=(--set model.image_size=16 --set model.n_frames=4 --set model.patch_size=8 --set model.width=16 --set model.depth=2
    --set model.heads=2)
decoder=(--set model.decoder_width=8 --set model.decoder_depth=1 --set model.decoder_heads=1)
train=(--batch 8 --set train.micro_batch=2 --epochs 2)
views=(--set data.test_clips=1 --set data.test_crops=1)
common=(--progress none --threads 1)
for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 32 --frames 20 --videos 16 --split $split --out $split \
        "${common[@]}"
done
expect 0 "$synvid" pretrain --dataset train "${sizes[@]}" "${decoder[@]}" "${train[@]}" "${common[@]}" --out made
encoder=$(cat out)
expect 0 "$synvid" finetune --checkpoint "$encoder" --train train --test test "${sizes[@]}" "${train[@]}" "${views[@]}" \
    "${common[@]}" --out made
tuned=$(cat out)

data=(--train train --test test)
declare -A stages=(
    [pretrain]="pretrain --dataset train ${sizes[*]} ${decoder[*]} ${train[*]} ${common[*]}"
    [finetune]="finetune --checkpoint $encoder ${data[*]} ${sizes[*]} ${train[*]} ${views[*]} ${common[*]}"
    [probe]="probe --checkpoint $encoder ${data[*]} ${sizes[*]} ${train[*]} ${views[*]} ${common[*]}"
    [robust]="robust --checkpoint $tuned --test test --corruptions gaussian_noise --severities 1-2 ${common[*]}"
    [controls]="controls ${data[*]}"
    [analyze]="analyze --dataset train --reference test --frames 20 --videos 16 ${common[*]}"
    [keys]="keys --encoder $encoder --dataset test --videos 4 --frames 4 ${common[*]}"
)

# ends EXPECTED STAGE: how the last life of the only run below STAGE ended
ends() {
    local found
    found=$(grep -oE '"exit": "([^"\\]|\\.)*"' "$2"/*/run.json | tail -n 1 | sed 's/^.*"exit": "//; s/"$//')
    # shellcheck disable=SC2254  # a pattern
    case $found in $1) ;; *) fail "$2 ended with \"$found\" instead of \"$1\"" ;; esac
}

for stage in "${!stages[@]}"; do
    read -ra words <<< "${stages[$stage]}"
    expect 4 env SYNVID_FAULT=result.write "$synvid" "${words[@]}" --out "$stage"
    says err 'injected fault'
    ends 'error: *injected fault*' "$stage"
    expect 0 "$synvid" "${words[@]}" --out "$stage"
    ends finished "$stage"
    expect 0 "$synvid" "${words[@]}" --out "$stage" # finds it finished
    ends finished "$stage"
done

# Stages that stop on request, with the reason.
for stage in pretrain finetune probe robust analyze; do
    read -ra words <<< "${stages[$stage]}"
    code=0
    "$synvid" "${words[@]}" --out "stopped-$stage" --time-budget 0.001s > out 2> err || code=$?
    [ $code -eq 75 ] || { cat err; fail "$stage ends with exit code $code instead of 75"; }
    ends 'stopped: *' "stopped-$stage"
done
