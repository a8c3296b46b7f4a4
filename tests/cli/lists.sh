#!/usr/bin/env bash
# Official lists through synvid ingest: labels, names and split in the dataset, missing videos, one and two ranks.
. "$2/tests/support/cli.sh"

record() { # record FILE
    mkdir -p "$(dirname "$1")"
    ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4 -c:v mpeg4 -threads 1 "$1"
}
ingest=(ingest --size 32 --shard-videos 2 --progress none)
classes() { tr -d ' \n' <"$1/dataset.json" | grep -o '"classes":\[[^]]*\]'; }

# UCF101: the order of classInd.txt, which is not the bytewise one.
for file in HammerThrow/v_HammerThrow_g08_c01 Hammering/v_Hammering_g08_c01 \
    HandstandPushups/v_HandStandPushups_g08_c01 Hammering/v_Hammering_g01_c01; do
    record "ucf/$file.avi"
done
mkdir lists
printf '1 Hammering\r\n2 HammerThrow\r\n3 HandstandPushups\r\n4 YoYo\r\n' >lists/classInd.txt
printf '%s\r\n' 'HandstandPushups/v_HandStandPushups_g08_c01.avi 3' 'HammerThrow/v_HammerThrow_g08_c01.avi 2' \
    'Hammering/v_Hammering_g08_c01.avi 1' 'YoYo/v_YoYo_g08_c01.avi 4' >lists/trainlist01.txt
printf 'Hammering/v_Hammering_g01_c01.avi\n' >lists/testlist01.txt

expect 3 "$synvid" "${ingest[@]}" --input ucf --list lists/trainlist01.txt --out train
says err "1 of 4 files in ucf cannot be read (max_bad allows 0.1 of them); the first: YoYo/v_YoYo_g08_c01.avi"
[ ! -e train ] || fail "something was left by a list with missing videos"
expect 0 "$synvid" "${ingest[@]}" --input ucf --list lists/trainlist01.txt --max-bad 0.3 --out train
says err "list of the kind ucf101, split 1, part train: 4 videos of 4 classes"
says err "1 of 4 classes have no video here (the first: YoYo); they keep their numbers"
[ "$(classes train)" = '"classes":["Hammering","HammerThrow","HandstandPushups","YoYo"]' ] || fail "$(classes train)"
grep -q '"name": "ucf101"' train/dataset.json || fail "the dataset is not called ucf101"
tr -d ' \n' <train/dataset.json | grep -qF '"format":"ucf101","part":"train","split":1,"videos":4,"others_left_out":0,"missing":1' ||
    fail "the manifest does not tell the list"
expect 0 "$synvid" inspect train
says out "4: Hammering (1), HammerThrow (1), HandstandPushups (1), YoYo (0)"
grep -qE 'list format +ucf101$' "$scratch/out" || fail "inspect does not tell the list"
expect 0 ranks 2 "$synvid" "${ingest[@]}" --input ucf --list lists/trainlist01.txt --max-bad 0.3 --out train2
for shard in train/shard-*.h5; do cmp "$shard" "train2/${shard#train/}" || fail "$shard differs on two ranks"; done
expect 0 "$synvid" "${ingest[@]}" --input ucf --list lists/trainlist01.txt --max-bad 0.3 --out train
says err "before"
expect 0 "$synvid" "${ingest[@]}" --input ucf --list lists/testlist01.txt --out test
[ "$(classes test)" = "$(classes train)" ] || fail "train and test differ in their classes"
expect 0 "$synvid" probe --config smoke --train train --test test --out never --dry-run
says err "1 of 4 classes have no video to learn from (the first: YoYo)"
expect 0 "$synvid" "${ingest[@]}" --input ucf --list lists/trainlist01.txt --out never --dry-run
says out "would read 3 of 4 files"
says out "missing  YoYo"

# HMDB51: names in brackets; the code decides.
record "hmdb/wave/[HD]_(x)_wave_goo_0.avi"
record "hmdb/wave/b&c;d_wave_goo_1.avi"
mkdir splits
printf '%s \n' '[HD]_(x)_wave_goo_0.avi 1' 'b&c;d_wave_goo_1.avi 2' 'absent.avi 0' >splits/wave_test_split3.txt
expect 0 "$synvid" "${ingest[@]}" --input hmdb --list splits --split 3 --part train --out hmdb-train
says err "list of the kind hmdb51, split 3, part train: 1 videos of 1 classes, 2 others in it left out"
grep -qF '[HD]_(x)_wave_goo_0.avi' hmdb-train/dataset.json || fail "the video in brackets is not there"

# Kinetics and VideoMAE: blanks in names.
record "k400/air_drumming/abcdefghijk_000004_000014.mp4"
printf 'label,youtube_id,time_start,time_end,split\nair drumming,abcdefghijk,4,14,train\n' >k400.csv
expect 0 "$synvid" "${ingest[@]}" --input k400 --list k400.csv --out kinetics
[ "$(classes kinetics)" = '"classes":["airdrumming"]' ] || fail "$(classes kinetics)" # blanks were taken out above
mkdir "air drumming" && cp k400/*/*.mp4 "air drumming/a b.mp4"
printf '%s/air drumming/a b.mp4 1\n' "$PWD" >train.csv
expect 0 "$synvid" "${ingest[@]}" --input . --list train.csv --out videomae
[ "$(classes videomae)" = '"classes":["0","1"]' ] || fail "$(classes videomae)"

# What cannot work says why.
refuses() { # refuses CODE TEXT OPTIONS...
    local code=$1 text=$2
    shift 2
    expect "$code" "$synvid" "${ingest[@]}" --out refused "$@"
    says err "$text"
    [ ! -e refused ] || fail "something was left by: $*"
}
refuses 2 "give one of them" --input ucf --list lists/testlist01.txt --labels folder
refuses 2 "part: says how to read a list" --input ucf --part test
refuses 2 "--part train or --part test" --input hmdb --list splits --split 3
refuses 3 "holds no <class>_test_split1.txt" --input hmdb --list splits --part train
refuses 3 "no such folder" --input nowhere --list lists/testlist01.txt
printf 'run\n' >names.txt
refuses 3 "train.csv:1: label 1, but names.txt names 1 classes (labels 0 to 0)" --input . --list train.csv --classes names.txt
printf 'nothing/here.avi 0\n' >none.csv
refuses 3 "1 of 1 files in ucf cannot be read" --input ucf --list none.csv --list-format videomae --max-bad 1
