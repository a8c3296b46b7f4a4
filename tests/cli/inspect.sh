#!/usr/bin/env bash
# inspect and verify on whatever a user may have: each teaches, fits 100 columns and starts no MPI; what is damaged,
# missing or foreign is named with exit code 3.
. "$2/tests/support/cli.sh"
forbid_mpi

"$synvid" generate --variant moving-circles --videos 3 --size 32 --frames 20 --out data/circles --quiet
"$synvid" generate --variant standin-motion --videos 9 --size 32 --storage deflate --out data/motion --quiet

# ---- words
inspect() { # inspect TEXT PATH [OPTION...]: says TEXT within 100 columns
    local text=$1
    shift
    expect 0 "$synvid" inspect "$@"
    fits out
    says out "$text"
}
inspect 'data/circles: dataset moving-circles (generated)' data/circles
says out '3, 60 frames of 32 x 32'
says out 'next: synvid verify data/circles'
inspect 'data/circles: dataset moving-circles (generated)' data/circles/dataset.json
inspect '8: left (' data/motion/
inspect '/frames' data/circles/shard-00000.h5
says out 'u8 (60, 32, 32, 3) of frame, y, x, channel'
inspect '"name": "moving-circles"' data/circles --config
inspect '"name": "moving-circles"' data/circles/shard-00000.h5 --config
inspect 'configuration of variant' variants/moving-shapes
inspect 'dataset        data/motion' data
golden=$2/tests/golden/weights
inspect 'tensors of another program (torch zip)' "$golden/zip.pt"
says out 'bf16 (3, 4)'
inspect 'tensors of another program (torch legacy)' "$golden/legacy.pth"
inspect 'layer.weight' "$golden/script.pt"
inspect 'f16 (3, 4)' "$golden/plain.safetensors"
inspect 'bool (2)' "$golden/plain.npz"
head -c 900 "$golden/plain.safetensors" >cut.safetensors
expect 3 "$synvid" inspect cut.safetensors
echo 'step,loss' >curves.csv
inspect 'begins         step,loss' curves.csv

# ---- pictures
expect 0 "$synvid" inspect data/motion --sheet sheet.png --rows 2 --columns 3 --cell 32
inspect 'sheet.png: an image' sheet.png
expect 0 "$synvid" inspect data/circles --clip 2 --mp4 clip.mp4
inspect 'frames         20 of 32 x 32' clip.mp4
expect 0 "$synvid" inspect clip.mp4 --sheet from-video.png
expect 0 "$synvid" inspect data/circles/shard-00000.h5 --sheet from-shard.png
expect 0 "$synvid" inspect moving-shapes --sheet from-variant.png --rows 1 --cell 16
for file in from-video.png from-shard.png from-variant.png; do [ -s "$file" ] || fail "no $file"; done
expect 2 "$synvid" inspect data/circles --clip 3 --mp4 clip.mp4
once '"3" is not one of the 3 videos, 0 to 2'
expect 2 "$synvid" inspect curves.csv --sheet none.png
once 'there are no pictures in it'
expect 4 "$synvid" inspect data/circles --sheet no/such/folder/sheet.png
[ ! -e no ] || fail "a folder was made for a sheet"

# ---- what it is not
expect 3 "$synvid" inspect nothing-there
once 'nothing-there: no such file or folder'
echo 'this is no video' >fake.mp4
expect 3 "$synvid" inspect fake.mp4
once 'fake.mp4: neither a file of ours nor a video or image that opens'
echo 'this is no HDF5' >fake.h5
expect 3 "$synvid" inspect fake.h5
once 'fake.h5: not an HDF5 file'
head -c 2000 data/circles/shard-00000.h5 >cut.h5
expect 3 "$synvid" inspect cut.h5
once 'cut.h5:'

# ---- digests
expect 0 "$synvid" verify data
[ "$(wc -l <out)" -eq 2 ] || fail "two datasets, and one line for each, were expected"
digest=$(awk '$2 == "data/circles" { print $1 }' out)
[ "${#digest}" -eq 32 ] || fail "no digest for data/circles"
inspect "$digest" data/circles
expect 0 "$synvid" verify data/circles
[ "$(cat out)" = "$digest  data/circles" ] || fail "the digest alone differs from that in the folder"
expect 0 "$synvid" verify data/circles/shard-00000.h5

cp -r data/circles changed
offset=$(($(stat -c %s changed/shard-00000.h5) / 2))
printf '\377\000\377' | dd of=changed/shard-00000.h5 bs=1 seek="$offset" conv=notrunc status=none
expect 3 "$synvid" verify changed data/motion
once 'changed/shard-00000.h5: its contents have digest'
says out '  data/motion'
expect 3 "$synvid" verify changed/shard-00000.h5
rm changed/shard-00000.h5
expect 3 "$synvid" verify changed
once 'changed/shard-00000.h5'
expect 3 "$synvid" inspect changed
expect 3 "$synvid" verify curves.csv
once 'carries no digest'
mkdir empty
expect 3 "$synvid" verify empty
once 'nothing in this folder carries a digest'

# ---- runs: everything a small training leaves
"$synvid" pretrain --dataset data/circles --set model=models/vit_test --epochs 2 --batch 2 --set data.frame_stride=1 \
    --out runs --name tiny --quiet >/dev/null
run=$(echo runs/tiny-*)
inspect 'a run, finished' "$run"
says out 'checkpoints'
says out 'result of pretrain'
says out 'configuration of pretrain'
find "$run" -type f ! -name '*.lock' >files
while read -r file; do
    expect 0 "$synvid" inspect "$file"
done <files
checkpoint=$(echo "$run"/ckpt/step-*.h5)
inspect 'encoder.blocks.*.attn.qkv.weight' "$checkpoint"
digest=$(awk '$1 == "digest" { print $2 }' out)
expect 0 "$synvid" verify "$run"
[ "$(cat out)" = "$digest  $checkpoint" ] || fail "verify and inspect tell different digests of a checkpoint"

# The gallery: 34 captioned pictures on one page that needs nothing else; media that are there are used, the others made.
mkdir media
for kind in statistical stylegan; do
    expect 0 "$synvid" textures --kind "${kind/stylegan/stylegan-oriented}" --images 16 --size 32 --out "media/$kind.h5" -q
done
expect 0 "$synvid" generate --variant dynamic-stylegan-videos --size 32 --videos 2 --frames 64 --out media/stylegan-videos -q
expect 0 "$synvid" inspect --gallery gallery.html --media media
[ "$(grep -o '<figcaption>' gallery.html | wc -l)" -eq 34 ] || fail "not 34 pictures"
[ "$(grep -o 'src="data:image/png;base64,' gallery.html | wc -l)" -eq 34 ] || fail "pictures are not in the page"
for row in $("$synvid" variants --json | grep -o '"variant": *"[a-z0-9-]*"' | cut -d'"' -f4 | grep -v standin); do
    grep -qE "<figcaption>[0-9]+\. $row: " gallery.html || fail "no caption of $row"
done
says err "wrote gallery.html"
grep -q "stand for photographs" gallery.html || fail "the page does not say what its images are"
for made in images.h5 videos/dataset.json; do
    [ -e "media/$made" ] || fail "missing media were not kept"
done
expect 2 "$synvid" inspect --media media gallery.html
once "--media belongs to --gallery"
echo "not a pool" >media/images.h5
expect 3 "$synvid" inspect --gallery bad.html --media media
once "images.h5"
[ ! -e bad.html ] || fail "a page was written although its media are bad"
