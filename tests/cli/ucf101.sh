#!/usr/bin/env bash
# A small UCF101: real AVI files (MPEG-4 part 2, B-frames, 320 x 240) under their official names, with official lists,
# from the files, kept whole and as they are, to every read-out, one command each; two ranks say what one says.
. "$2/tests/support/cli.sh"
classes=(Hammering HammerThrow HandstandPushups) # the order of classInd.txt
motion=("x='mod(60*t,240)':y=100" "x=140:y='mod(50*t,180)'" "x='140+90*sin(6*t)':y='100+70*cos(6*t)'")

# Ten clips of a class in one go: a square that moves in the way of the class, cut into clips of 20 frames.
mkdir -p UCF-101 ucfTrainTestlist
for k in 0 1 2; do
    class=${classes[k]}
    mkdir "UCF-101/$class"
    ffmpeg -v error -f lavfi -i "gradients=size=320x240:rate=25:duration=8:seed=7:speed=0.2" \
        -f lavfi -i "color=white:size=60x60:rate=25:duration=8" -filter_complex "overlay=${motion[k]},noise=alls=12" \
        -c:v mpeg4 -vtag XVID -bf 2 -g 20 -threads 1 -force_key_frames 'expr:gte(t,n_forced*0.8)' \
        -f segment -segment_time 0.8 "UCF-101/$class/cut%d.avi"
    for i in 0 1 2 3 4 5 6 7 8 9; do
        # Groups 1 to 7 are for testing. The file names of HandstandPushups are spelled another way than their folder.
        group=$(printf 'g%02d' $((i < 4 ? i + 1 : i + 4)))
        name=v_${class/Handstand/HandStand}_${group}_c01.avi
        mv "UCF-101/$class/cut$i.avi" "UCF-101/$class/$name"
        if [ "$i" -lt 4 ]; then
            printf '%s\r\n' "$class/$name" >>ucfTrainTestlist/testlist01.txt
        else
            printf '%s\r\n' "$class/$name $((k + 1))" >>ucfTrainTestlist/trainlist01.txt
        fi
    done
    rm -f "UCF-101/$class"/cut*
    printf '%d %s\r\n' $((k + 1)) "$class" >>ucfTrainTestlist/classInd.txt
done

quiet=(--progress none --threads 1)
model=()
for setting in image_size=32 n_frames=4 patch_size=8 width=32 depth=2 heads=2 decoder_width=16 decoder_depth=1 decoder_heads=1; do
    model+=(--set "model.$setting")
done
views=(--set data.frame_stride=4 --set data.test_clips=2 --set data.test_crops=3)
# One rank into one-*, two ranks into two-*.
twice() { # twice FOLDER COMMAND...
    local folder=$1
    shift
    expect 0 "$synvid" "$@" --out "one-$folder" "${quiet[@]}"
    expect 0 ranks 2 "$synvid" "$@" --out "two-$folder" "${quiet[@]}"
}
run_of() { find "$1" -maxdepth 1 -type d -name "$2-*"; } # the only run of a task
same() { # same FILE TASK: a file of that run is the same on two ranks, once paths of inputs are left out
    for ranks in one two; do
        sed -E 's/(one|two)-//g' "$(run_of $ranks-runs "$2")/$1" >"$ranks.txt"
    done
    cmp one.txt two.txt || fail "$1 of $2 differs on two ranks"
}

grep -q 320 <(ffprobe -v error -show_entries stream=width UCF-101/Hammering/*_g01_*.avi) || fail "not 320 pixels wide"
for part in train test; do
    twice $part ingest --input UCF-101 --list "ucfTrainTestlist/${part}list01.txt" --size 0 --storage encoded --shard-videos 4
    diff -r one-$part two-$part --exclude=dataset.json || fail "the shards of $part differ on two ranks"
    grep -q '"name": "ucf101"' one-$part/dataset.json || fail "the dataset is not called ucf101"
done
grep -q '"clips": 18' one-train/dataset.json || fail "not 18 training videos"
data=(--train one-train --test one-test "${model[@]}" "${views[@]}")
expect 0 "$synvid" pretrain --dataset one-train "${model[@]}" --set data.frame_stride=4 --batch 6 \
    --set train.micro_batch=3 --epochs 3 --out pretrained "${quiet[@]}"
data+=(--checkpoint "$(run_of pretrained ucf101)")

expect 0 "$synvid" finetune "${data[@]}" --set data.frame_stride=8 --batch 6 --set train.micro_batch=3 --dry-run
says err "18 of 18 videos of ucf101 are shorter than the 32 frames of a clip; their last frame is repeated"

# Fine-tuning with everything that augments, and then what is asked of the result.
twice runs finetune "${data[@]}" --batch 6 --set train.micro_batch=3 --epochs 4 --base-lr 0.02
same predictions.csv finetune
same result.json finetune
same curves.jsonl finetune
[ "$(wc -l <one.txt)" -gt 0 ] || fail "no curve"
run=$(run_of one-runs finetune)
grep -q '^Hammering,4,' "$run/classes.csv" || fail "no line for Hammering in classes.csv"
grep -q '"dataset": "ucf101"' "$run/result.json" || fail "the result is not of ucf101"
# Pre-trained on the target set is the paper's upper bound, by this name.
grep -q '"pretraining": "ucf101"' "$run/result.json" || fail "the result does not name its pre-training"
grep -q 'videos instead of' "$run/result.json" || fail "a piece of UCF101 is not told from the whole"
! grep -q 'squares of' "$run/result.json" || fail "whole frames are taken for squares"
[ -s "$run/confusion.gp" ] || fail "no confusion matrix"

# Frozen features: computed once, read out four ways.
learn=(--epochs 60 --base-lr 0.3 --set train.warmup_epochs=2)
twice runs probe "${data[@]}" "${learn[@]}"
same predictions.csv probe
kept=$(find one-runs/features -name '*.h5' | wc -l)
[ "$kept" -eq 2 ] || fail "$kept files of features instead of one for training and one for testing"
for ranks in one two; do (cd $ranks-runs/features && md5sum -- *.h5) >$ranks.txt; done
cmp one.txt two.txt || fail "features differ on two ranks"
twice runs probe --protocol knn --set readout.neighbors=5 "${data[@]}"
says err "features of an earlier read-out"
same predictions.csv knn
twice runs probe --protocol few-shot --shots 1,4 "${data[@]}" "${learn[@]}"
says err "features of an earlier read-out"
same few_shot.csv few-shot
same result.json few-shot
twice runs probe --protocol attentive "${data[@]}" --epochs 20 --base-lr 0.05 --batch 8 --set train.micro_batch=2 \
    --set readout.heads=4
same predictions.csv attentive-probe
same result.json attentive-probe

# The linear probe as the official code runs it: augmented clips through the frozen network in every epoch.
twice runs probe --set data.augment=true --name augmented "${data[@]}" --batch 6 --set train.micro_batch=3 --epochs 2
same predictions.csv augmented
same result.json augmented
! grep -q 'no augmentation' "$(run_of one-runs augmented)/result.json" || fail "an augmented probe is said to be none"

# The robustness of the fine-tuned model, each with its own.
few=(--corruptions "jpeg,mpeg2,gaussian_noise" --severities 3)
expect 0 "$synvid" robust --checkpoint "$(run_of one-runs finetune)" "${few[@]}" --out one-runs "${quiet[@]}"
expect 0 ranks 2 "$synvid" robust --checkpoint "$(run_of two-runs finetune)" "${few[@]}" --out two-runs "${quiet[@]}"
same robustness.csv robust

# Three classes that differ in how a square moves: no read-out is at chance, 4 of 12. (Four epochs of fine-tuning with
# every augmentation are too few to learn.)
for task in probe knn attentive-probe; do
    hits=$(awk -F, 'NR > 1 { hits += $4 } END { print hits }' "$(run_of one-runs $task)/predictions.csv")
    [ "$hits" -ge 8 ] || fail "$task gets only $hits of 12 right"
done

# What a report makes of all of them.
expect 0 "$synvid" report --runs one-runs --out report
[ -s report/index.html ] || fail "no report"
