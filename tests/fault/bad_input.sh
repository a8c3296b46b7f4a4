#!/usr/bin/env bash
# Files that are missing, empty, foreign, truncated or altered, given to every command that reads them, on one rank and on
# two: exit code 3 within seconds, one message that names the file, and nothing under a final name.
. "$2/tests/support/cli.sh"
model=(image_size=16 n_frames=4 patch_size=8 width=16 depth=2 heads=2 decoder_width=8 decoder_depth=1 decoder_heads=1)
sizes=()
for setting in "${model[@]}"; do sizes+=(--set "model.$setting"); done
short=(--batch 4 --epochs 1 --set train.micro_batch=2 --set train.warmup_epochs=0 --progress none --threads 1)

# What good input looks like.
mkdir pictures
ffmpeg -v error -f lavfi -i testsrc2=size=32x32:rate=4:duration=1 pictures/%d.png
expect 0 "$synvid" ingest --input pictures --as images --size 32 --out pool.h5
expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 20 --videos 16 --shard-videos 8 --out data
expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 20 --videos 8 --split test --out test
expect 0 "$synvid" pretrain --dataset data "${sizes[@]}" "${short[@]}" --out runs
run=$(cat out)
checkpoint=$(echo "$run"/ckpt/step-*.h5)

damaged() { # damaged KIND FILE COPY: the copy is bad in one way
    case $1 in
    empty) : >"$3" ;;
    text) echo "this is a text" >"$3" ;;
    truncated) head -c $(($(stat -c %s "$2") * 2 / 3)) "$2" >"$3" ;;
    foreign) /bin/cp "$checkpoint_foreign" "$3" ;;
    esac
}
checkpoint_foreign=$run/config.json # neither HDF5 nor of the wanted schema

refused() { # refused WORD COMMAND...: exit code 3 on one rank and two, one message with WORD
    local word=$1 n
    shift
    for n in 1 2; do
        expect 3 timeout 60 mpirun -n "$n" "$@"
        [ "$(grep -c 'error: ' err)" -eq 1 ] || { cat err; fail "not exactly one error line: $*"; }
        says err "$word"
    done
}

for kind in empty text truncated foreign; do
    damaged "$kind" pool.h5 bad-pool.h5
    refused bad-pool.h5 "$synvid" generate --variant accelerating-images --pool bad-pool.h5 --size 32 --videos 2 --out new
    damaged "$kind" "$checkpoint" bad-checkpoint.h5
    refused bad-checkpoint.h5 "$synvid" probe --checkpoint bad-checkpoint.h5 --train data --test test "${sizes[@]}" --out new
    expect 3 "$synvid" verify bad-checkpoint.h5
    rm -rf bad-data
    cp -r data bad-data
    damaged "$kind" data/shard-00001.h5 bad-data/shard-00001.h5
    refused bad-data "$synvid" pretrain --dataset bad-data "${sizes[@]}" "${short[@]}" --out new
    expect 3 "$synvid" verify bad-data
    says err shard-00001.h5
    damaged "$kind" data/dataset.json bad-data/dataset.json
    refused dataset.json "$synvid" finetune --train bad-data --test test "${sizes[@]}" "${short[@]}" --out new
done

# Missing things.
refused nosuch.h5 "$synvid" generate --variant accelerating-images --pool nosuch.h5 --size 32 --videos 2 --out new
refused nosuch "$synvid" pretrain --dataset nosuch "${sizes[@]}" "${short[@]}" --out new
refused nosuch "$synvid" finetune --checkpoint nosuch --train data --test test "${sizes[@]}" "${short[@]}" --out new
refused nosuch "$synvid" analyze --dataset nosuch --out new
rm bad-data/shard-00001.h5
cp data/dataset.json bad-data
refused shard-00001.h5 "$synvid" pretrain --dataset bad-data "${sizes[@]}" "${short[@]}" --out new

# One bit of a shard, a pool and a checkpoint: found by verify, which names the file.
flip() { # flip FILE: one bit two thirds in
    printf '\x01' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") * 2 / 3)) conv=notrunc status=none
}
for file in data/shard-00000.h5 pool.h5 "$checkpoint"; do
    before=$(sha256sum <"$file")
    flip "$file"
    [ "$before" != "$(sha256sum <"$file")" ] || flip "$file"
done
expect 3 "$synvid" verify data
says err shard-00000.h5

# A manifest that asks for the impossible.
sed 's/"n_clips":[^,]*,/"n_clips": 1e18,/; s/"clips":[^,]*,/"clips": 1e18,/' test/dataset.json >absurd.json
cp absurd.json test/dataset.json
refused dataset.json "$synvid" finetune --train data --test test "${sizes[@]}" "${short[@]}" --out new

# An empty folder and a text that calls itself a video.
mkdir nothing liar
echo "not a video" >liar/a.mp4
refused nothing "$synvid" ingest --input nothing --out new
refused liar "$synvid" ingest --input liar --out new

[ -z "$(find new -name dataset.json -o -name result.json -o -name 'step-*.h5' 2>/dev/null)" ] || fail "something final came of bad input"
