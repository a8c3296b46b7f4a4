#!/usr/bin/env bash
# Videos kept as the bytes they came in: decoded on reading, every frame is the one that decoding at ingest gives. Files
# with B-frames, variable rate, odd sizes, without an index, rotated, of every color matrix and range.
. "$2/tests/support/cli.sh"
record() { ffmpeg -v error -y -f lavfi -i "testsrc2=size=$1:rate=25:duration=$2" -threads 1 "${@:3}"; }
sheet() { # sheet DATASET FILE: every frame of every video
    expect 0 "$synvid" inspect "$1" --sheet "$2" --rows 100 --columns 100 --cell 32
}
alike() { # alike A.png B.png DECIBEL: the pictures differ by rounding only
    local found
    found=$(ffmpeg -v info -i "$1" -i "$2" -lavfi psnr -f null - 2>&1 | sed -n 's/.*average:\([0-9inf]*\).*/\1/p')
    [ "$found" = inf ] || [ "$found" -ge "$3" ] || fail "$1 and $2: $found dB, expected $3"
}

mkdir in
record 160x120 1 -c:v mpeg4 -bf 2 -vtag XVID in/packed.avi
record 120x160 1 -c:v libx264 -bf 3 -pix_fmt yuv420p in/reordered.mp4
record 161x121 1 -c:v mpeg4 in/odd.mp4
record 160x120 2 -vf "select='not(mod(n,3))+gt(n,30)'" -fps_mode vfr -c:v libx264 -pix_fmt yuv420p in/variable.mkv
record 160x120 1 -c:v libx264 -bf 2 -pix_fmt yuv420p -f h264 in/bare.h264
record 160x120 1 -c:v mpeg2video -bf 2 -f mpegts in/stream.ts
record 160x120 1 -c:v mpeg4 in/whole.avi
head -c $(($(stat -c %s in/whole.avi) * 3 / 4)) in/whole.avi >in/cut.avi # truncated: its index is gone
record 160x120 0.12 -c:v mpeg4 in/three-frames.mp4
: >in/empty.mp4 # zero length
settings=(ingest --input in --size 48 --shard-videos 3 --max-bad 0.2 --progress none)
expect 0 "$synvid" "${settings[@]}" --storage raw --out raw
expect 0 "$synvid" "${settings[@]}" --storage encoded --out encoded
says err "skipped empty.mp4"
grep -q '"files_skipped": 1' encoded/dataset.json || fail "the skipped file is not counted"
grep -q '"files_damaged": 1' encoded/dataset.json || fail "the cut file is not counted as damaged"
expect 0 "$synvid" verify encoded
sheet raw raw.png
sheet encoded encoded.png
cmp raw.png encoded.png || fail "frames of encoded videos differ from those decoded at ingest"
[ "$(du -sb encoded | cut -f 1)" -lt $(($(du -sb in | cut -f 1) + 200000)) ] || fail "encoded shards are larger than their files"

# Ranks do not matter, nor a kill between shards.
expect 0 ranks 2 "$synvid" "${settings[@]}" --storage encoded --out two
expect 137 env SYNVID_FAULT=shard.write:nth=5:kill "$synvid" "${settings[@]}" --storage encoded --out killed --threads 1
[ ! -e killed/dataset.json ] || fail "a killed ingest left a manifest"
expect 0 "$synvid" "${settings[@]}" --storage encoded --out killed
for shard in encoded/shard-*.h5; do
    cmp "$shard" "two/${shard#*/}" || fail "$shard differs on two ranks"
    cmp "$shard" "killed/${shard#*/}" || fail "$shard differs after a kill"
done

# Turned as the file says: a quarter, half and three quarters, against ffmpeg's own turning.
mkdir turned straight
record 96x64 0.4 -c:v png plain.mov
one='\x00\x01\x00\x00' minus='\xff\xff\x00\x00' none='\x00\x00\x00\x00'
turn() { # turn FILE A B C D: the matrix of a track's header, which ffmpeg writes by other options in each of its versions
    local at
    at=$(grep -abo tkhd "$1" | head -n 1 | cut -d : -f 1)
    printf '%b' "$2$3$none$4$5$none" | dd of="$1" bs=1 seek=$((at + 44)) conv=notrunc status=none
}
for angle in 90 180 270; do
    cp plain.mov "turned/$angle.mov"
    case $angle in
        90) turn turned/90.mov "$none" "$one" "$minus" "$none" ;;
        180) turn turned/180.mov "$minus" "$none" "$none" "$minus" ;;
        270) turn turned/270.mov "$none" "$minus" "$one" "$none" ;;
    esac
    ffmpeg -v error -y -i "turned/$angle.mov" -c:v png "straight/$angle.mov"
done
for storage in raw encoded; do
    expect 0 "$synvid" ingest --input turned --size 64 --storage "$storage" --out "turned-$storage" --progress none
    sheet "turned-$storage" "turned-$storage.png"
done
expect 0 "$synvid" ingest --input straight --size 64 --out straight-set --progress none
sheet straight-set straight.png
cmp turned-raw.png straight.png || fail "frames are not turned as their metadata say"
cmp turned-encoded.png straight.png || fail "frames of encoded videos are not turned as their metadata say"
cp plain.mov straight/90.mov
cp plain.mov straight/270.mov
cp plain.mov straight/180.mov
expect 0 "$synvid" ingest --input straight --size 64 --out unturned --progress none
sheet unturned unturned.png
! cmp -s unturned.png straight.png || fail "the test does not see whether frames are turned"

# Matrix and range as the stream names them.
mkdir colors exact
record 96x96 0.2 -pix_fmt rgb24 -c:v ffv1 exact/a.mkv
for matrix in bt709 smpte170m; do
    for range in tv pc; do
        ffmpeg -v error -y -i exact/a.mkv -vf "scale=out_color_matrix=$matrix:out_range=$range:flags=accurate_rnd+full_chroma_int" \
            -pix_fmt yuv444p -colorspace "$matrix" -color_range "$range" -c:v libx264 -qp 0 "colors/$matrix-$range.mp4"
        cp exact/a.mkv "exact/$matrix-$range.mkv"
    done
done
rm exact/a.mkv
expect 0 "$synvid" ingest --input colors --size 96 --storage encoded --out colors-set --progress none
expect 0 "$synvid" ingest --input exact --size 96 --out exact-set --progress none
sheet colors-set colors.png
sheet exact-set exact.png
alike colors.png exact.png 44

# A photograph with an Exif orientation of 6: the camera was held on its side.
mkdir upright tagged
record 64x48 0.04 -frames:v 1 -q:v 2 -pix_fmt yuvj444p upright/a.jpg
{
    head -c 2 upright/a.jpg
    printf '\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00'
    tail -c +3 upright/a.jpg
} >tagged/a.jpg
ffmpeg -v error -y -i upright/a.jpg -vf transpose=clock -pix_fmt rgb24 upright/a.png
rm upright/a.jpg
for kind in upright tagged; do
    expect 0 "$synvid" ingest --input "$kind" --as images --size 48 --out "$kind.h5" --progress none
    expect 0 "$synvid" inspect "$kind.h5" --sheet "$kind.png" --rows 1 --columns 1
done
alike upright.png tagged.png 40

# A damaged shard.
printf '\x00' | dd of=encoded/shard-00001.h5 bs=1 seek=$(($(stat -c %s encoded/shard-00001.h5) / 2)) conv=notrunc status=none
expect 3 "$synvid" verify encoded
says err shard-00001.h5

# Whole frames of every size: the same bytes, decoded as they are; a square of them is the square of before.
expect 0 "$synvid" "${settings[@]}" --storage encoded --size 0 --out whole
says err "skipped empty.mp4"
expect 0 "$synvid" verify whole
expect 0 "$synvid" inspect whole
says out "frames of each video's own size"
sheet whole whole.png
expect 2 "$synvid" "${settings[@]}" --storage raw --size 0 --out refused
says err "that takes videos and --storage encoded"
expect 2 "$synvid" "${settings[@]}" --storage encoded --size 8 --out refused
says err "size: 8 is outside [16, 4096]"
[ ! -e refused ] || fail "something was left"
