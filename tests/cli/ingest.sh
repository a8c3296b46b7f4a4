#!/usr/bin/env bash
# synvid ingest on files made by ffmpeg: several codecs, every kind of broken file, images, one and two ranks.
set -euo pipefail
synvid=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "FAIL: $*" >&2; [ ! -e log ] || cat log >&2; exit 1; }
# expect CODE COMMAND...: runs it with its talk in `log`.
expect() {
    local code=0 want=$1
    shift
    "$@" >out.txt 2>log || code=$?
    [ "$code" = "$want" ] || fail "exit code $code instead of $want: $*"
}
says() { grep -qF -- "$1" log || fail "the message does not say: $1"; }
record() { ffmpeg -v error -y -f lavfi -i "testsrc2=size=$1:rate=25:duration=$2" -threads 1 "${@:3}"; }

mkdir -p good/walk good/run
record 160x120 0.8 -c:v mpeg4 -bf 2 -vtag XVID good/walk/packed.avi
record 120x160 0.8 -c:v libx264 -preset ultrafast -pix_fmt yuv420p good/walk/tall.mp4
record 160x120 0.8 -c:v ffv1 good/run/lossless.mkv
record 160x120 0.8 -c:v mpeg2video -bf 2 good/run/stream.mpg
record 160x120 0.8 -c:v mjpeg good/run/pictures.mov
record 64x64 0.04 -c:v mpeg4 good/run/one.mp4
echo "not a video" >good/notes.txt

# A healthy folder: names in bytewise order, classes from folders, 20 frames each, one of a single frame.
expect 0 "$synvid" ingest --input good --labels folder --size 48 --shard-videos 2 --out set --progress none
says "left out because their names are not those of videos: 1"
grep -q '"clips": 6' set/dataset.json || fail "not 6 clips"
grep -q '"frames": 101' set/dataset.json || fail "not 5 * 20 + 1 frames"
grep -q '"classes": \["run", "walk"\]' set/dataset.json || tr -d ' \n' <set/dataset.json | grep -q '\["run","walk"\]' ||
    fail "classes are not run, walk"

# The same again does nothing; the same on two ranks gives the same shards.
touch -d 2001-01-01 set/shard-00000.h5
expect 0 "$synvid" ingest --input good --labels folder --size 48 --shard-videos 2 --out set --progress none
says "before"
[ "$(stat -c %Y set/shard-00000.h5)" = "$(date -d 2001-01-01 +%s)" ] || fail "a finished dataset was written again"
expect 0 mpirun -n 2 "$synvid" ingest --input good --labels folder --size 48 --shard-videos 2 --out set2 --progress none
for shard in set/shard-*.h5; do cmp "$shard" "set2/${shard#set/}" || fail "$shard differs on two ranks"; done
expect 2 "$synvid" ingest --input good --size 64 --out set --progress none
says "--force"

# A dry run writes nothing and names every file.
expect 0 "$synvid" ingest --input good --labels folder --out never --dry-run
grep -q "walk/tall.mp4" out.txt || fail "the dry run does not list walk/tall.mp4"
grep -qE '^estimate: rank_bytes=[0-9]+ core_seconds=[0-9.]+$' out.txt || fail "no line for job scripts"
expect 0 "$synvid" ingest --input good/walk --size 48 --dry-run
grep -q '^frames: about 40$' out.txt || fail "two videos of 20 frames are not expected to have 40: $(cat out.txt)"
grep -q '^disk: about 276 kB$' out.txt || fail "40 frames of 48 x 48: $(cat out.txt)"
[ ! -e never ] || fail "a dry run wrote something"

# Broken files: each is named with a reason, all in the manifest, none stops the rest.
cp -r good mixed
echo "these are words" >mixed/run/text.mp4
: >mixed/run/empty.avi
head -c 15000 good/walk/tall.mp4 >mixed/run/cut.mp4
ffmpeg -v error -y -f lavfi -i sine=duration=1 -c:a aac mixed/run/sound.mp4
expect 0 "$synvid" ingest --input mixed --size 32 --max-bad 0.5 --out survived --progress none
for name in run/text.mp4 run/empty.avi run/cut.mp4 run/sound.mp4; do
    says "skipped $name: "
    grep -q "\"$name\"" survived/dataset.json || fail "$name is not in the manifest"
done
grep -q '"files_skipped": 4' survived/dataset.json || fail "not 4 skipped files in the manifest"
expect 3 "$synvid" ingest --input mixed --size 32 --max-bad 0.1 --out refused --progress none
says "4 of 10 files"
says "max_bad"
[ ! -e refused ] || fail "something was left of a refused ingest"
expect 3 mpirun -n 2 "$synvid" ingest --input mixed --size 32 --max-bad 0.1 --out refused --progress none
[ ! -e refused ] || fail "something was left of a refused ingest on two ranks"

# Links are followed; what cannot be had is named, counted, in the manifest, and counts against max_bad. A class of which
# everything is lost keeps its number, a loop loses nothing.
mkdir -p store linked/walk linked/jump linked/void
cp -r good/run store/run && cp good/walk/tall.mp4 linked/walk/a.mp4 && cp good/walk/tall.mp4 linked/jump/a.mp4
ln -s ../store/run linked/run && ln -s /nowhere/w.avi linked/walk/w.avi && ln -s /nowhere/hop linked/hop
ln -s .. linked/walk/up && mkfifo linked/jump/pipe.avi && echo words >linked/jump/notes.txt
expect 3 "$synvid" ingest --input linked --labels folder --size 32 --out refused --progress none
says "3 of 9 files in linked cannot be read (max_bad allows 0.1 of them); the first: hop: a link to what is not there: /nowhere/hop"
[ ! -e refused ] || fail "something was left of a refused ingest of links"
expect 0 mpirun -n 2 "$synvid" ingest --input linked --labels folder --size 32 --max-bad 0.4 --out links --progress none
says "skipped walk/w.avi: a link to what is not there: /nowhere/w.avi"
says "skipped jump/pipe.avi: a pipe, neither a file nor a folder"
says "walk/up is a link back to a folder that it lies in"
says "1 of 4 classes have no video here (the first: hop); they keep their numbers"
says "the folder void is empty and is no class"
for text in '"classes": \["hop", "jump", "run", "walk"\]' '"files_found": 9' '"files_skipped": 3' '"files_used": 6' \
    '"files_left_out_by_name": 1' '"jump/notes.txt"' '"links_back": \["walk/up"\]'; do
    grep -q "$text" links/dataset.json || fail "the manifest of linked files does not say $text"
done

# Nothing to read.
mkdir nothing
expect 3 "$synvid" ingest --input nothing --out refused --progress none
says "holds no videos"
expect 3 "$synvid" ingest --input no-such-folder --out refused --progress none
says "no-such-folder"

# Images.
mkdir photos
record 80x60 0.16 photos/photo-%d.png
record 60x80 0.12 photos/tall-%d.jpg
echo words >photos/broken.jpg
head -c $(($(stat -c %s photos/tall-1.jpg) * 6 / 10)) photos/tall-1.jpg >photos/cut.jpg
cp photos/tall-1.jpg photos/corrupt.jpg
printf '\xff\xd9\x00\x12\xff' | dd of=photos/corrupt.jpg bs=1 seek=$(($(stat -c %s photos/corrupt.jpg) / 2)) conv=notrunc status=none
: >photos/empty.png
expect 0 "$synvid" ingest --input photos --as images --size 40 --max-bad 0.4 --out pools/photos.h5 --progress none
grep -q '"images": 7' pools/photos.h5.json || fail "not 7 images"
grep -q '"files_skipped": 4' pools/photos.h5.json || fail "not 4 skipped files"
for name in broken.jpg cut.jpg corrupt.jpg empty.png; do
    says "skipped $name: "
    grep -q "\"$name\"" pools/photos.h5.json || fail "$name is not in the list"
done
[ ! -e pools/photos.h5.journal ] || fail "pieces are left beside the pool"
expect 2 "$synvid" ingest --input photos --as images --out pools/photos --progress none
says ".h5"

# The whole picture instead of its middle: another pool, which does not take the first one's place by itself.
expect 0 "$synvid" ingest --input photos --as images --size 40 --fit stretch --max-bad 0.4 --out pools/whole.h5 --progress none
digest_of() { sed -n 's/^ *"digest": *"\([0-9a-f]*\)".*/\1/p' "$1.json" | head -n 1; }
[ "$(digest_of pools/photos.h5)" != "$(digest_of pools/whole.h5)" ] || fail "a stretched pool has the images of one of squares"
expect 2 "$synvid" ingest --input photos --as images --size 40 --fit stretch --max-bad 0.4 --out pools/photos.h5 --progress none
says "holds a pool of other files or settings"
expect 2 "$synvid" ingest --input good --size 48 --fit stretch --out stretched --progress none
says "fit: stretch is for images"

# Whole photographs at their own size: 80 x 60 and 60 x 80 in one pool, whatever --size says; after a failure, too.
keep=(--input photos --as images --fit keep --max-bad 0.4 --progress none)
expect 0 "$synvid" ingest "${keep[@]}" --out pools/keep.h5
says "7 images of their own sizes, up to"
expect 4 env SYNVID_FAULT=pool.write:nth=3 "$synvid" ingest "${keep[@]}" --size 0 --out pools/kept.h5
[ ! -e pools/kept.h5 ] || fail "a pool after a failure"
expect 0 mpirun -n 2 "$synvid" ingest "${keep[@]}" --size 64 --out pools/kept.h5
cmp pools/keep.h5 pools/kept.h5 || fail "a pool of whole photographs depends on size, ranks or a failure"
expect 0 "$synvid" ingest "${keep[@]}" --out pools/kept.h5
says "was made from these files with these settings before"
expect 0 "$synvid" ingest "${keep[@]}" --dry-run
grep -q "frames of their own sizes" out.txt || fail "a dry run does not say that images keep their sizes"
expect 0 "$synvid" verify pools/keep.h5
expect 0 "$synvid" inspect pools/keep.h5
grep -q "still images, each of its own size" out.txt || { cat out.txt; fail "inspect does not know a pool of whole photographs"; }
expect 0 "$synvid" inspect pools/keep.h5 --sheet keep.png
[ -s keep.png ] || fail "no sheet of whole photographs"
expect 2 "$synvid" ingest --input photos --as images --size 0 --out pools/none.h5 --progress none
says "images and --fit keep"
expect 2 "$synvid" ingest --input good --fit keep --out none --progress none
says "fit: keep is for images"

# What is drawn from whole photographs is what is drawn from photographs stretched to twice the canvas.
expect 0 "$synvid" ingest --input photos --as images --size 128 --fit stretch --max-bad 0.4 --out pools/twice.h5 --progress none
for pool in keep twice; do
    expect 0 "$synvid" generate --variant accelerating-images --pool pools/$pool.h5 --size 64 --videos 4 --with pool_min=4 --out drawn-$pool --progress none
    [ "$(grep -c '"photographs": *"whole"' drawn-$pool/dataset.json)" = 1 ] || fail "drawn-$pool does not say that photographs are whole"
    expect 0 "$synvid" inspect drawn-$pool --clip 1 --mp4 $pool.mp4
done
cmp keep.mp4 twice.mp4 || fail "whole photographs are drawn otherwise than stretched ones"
expect 0 "$synvid" generate --variant accelerating-images --pool pools/whole.h5 --size 64 --videos 4 --with pool_min=4 --out drawn-small --progress none
! grep -q '"photographs"' drawn-small/dataset.json || fail "photographs of 40 pixels count as whole ones"

# A failure while the pool is written: what was read is kept and not read again (another picture of the same size in
# bytes would not be noticed), by any number of ranks.
expect 4 env SYNVID_FAULT=pool.write:nth=4 "$synvid" ingest --input photos --as images --size 40 --max-bad 0.4 \
    --out pools/again.h5 --progress none
[ ! -e pools/again.h5 ] || fail "a pool after a failure"
[ -d pools/again.h5.journal ] || fail "nothing is kept after a failure"
cp photos/tall-1.jpg kept.jpg
head -c "$(stat -c %s kept.jpg)" /dev/zero >photos/tall-1.jpg
expect 0 mpirun -n 2 "$synvid" ingest --input photos --as images --size 40 --max-bad 0.4 --out pools/again.h5 --progress none
cmp pools/photos.h5 pools/again.h5 || fail "a pool differs after a failure"
[ ! -e pools/again.h5.journal ] || fail "pieces are left beside the pool"
mkdir pools/again.h5.journal # as if it had died before removing it
expect 0 "$synvid" ingest --input photos --as images --size 40 --max-bad 0.4 --out pools/again.h5 --progress none
[ ! -e pools/again.h5.journal ] || fail "pieces are left beside a pool that was there"
expect 3 "$synvid" ingest --input photos --as images --size 40 --max-bad 0.4 --out pools/again.h5 --force --progress none
says "skipped tall-1.jpg: "
[ ! -e pools/again.h5.journal ] || fail "pieces are left of a pool that cannot be"
mv kept.jpg photos/tall-1.jpg

# One rank of two failing, and a full stop: nothing whole is left behind, and the same command finishes the work.
expect 4 env SYNVID_FAULT=ingest.read:rank=1:nth=1 mpirun -n 2 "$synvid" ingest --input good --size 48 \
    --shard-videos 2 --out hurt --progress none
says "rank 1"
[ ! -e hurt/dataset.json ] || fail "a manifest after a failure"
expect 0 mpirun -n 2 "$synvid" ingest --input good --size 48 --shard-videos 2 --out hurt --progress none
expect 0 "$synvid" ingest --input good --size 48 --shard-videos 2 --out whole --progress none
for shard in whole/shard-*.h5; do cmp "$shard" "hurt/${shard#whole/}" || fail "$shard differs after a failure"; done
echo "ok"
