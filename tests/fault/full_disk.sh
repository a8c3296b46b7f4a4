#!/usr/bin/env bash
# A disk that is full, and a place that cannot be written: exit code 4 on one rank and on two, one message that names the
# file, nothing under a final name, and success once there is room.
. "$2/tests/support/cli.sh"

# A file system of 8 MB: as root directly, otherwise in a namespace of our own; where neither is allowed, skipped.
mkdir disk
if [ -z "${SYNVID_FULL_DISK_INSIDE:-}" ] && ! mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null; then
    command -v unshare >/dev/null && unshare -rm true 2>/dev/null || exit 77
    SYNVID_FULL_DISK_INSIDE=1 exec unshare -rm bash "$0" "$1" "$2"
fi
[ -z "${SYNVID_FULL_DISK_INSIDE:-}" ] || mount -t tmpfs -o size=8m tmpfs disk || exit 77
trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
reserve() { # reserve KILOBYTES: leaves that much free
    rm -f disk/filler
    local free
    free=$(df --output=avail -k disk | tail -n 1)
    head -c $(((free - $1) * 1024)) /dev/zero >disk/filler
}
one_error() { # exactly one line of err is an error
    [ "$(grep -c 'error: ' err)" -eq 1 ] || { cat err; fail "not exactly one error line"; }
}
nothing_final() { # nothing_final DIR PATTERN
    [ -z "$(find "$1" -name "$2" 2>/dev/null)" ] || fail "$(find "$1" -name "$2") is there although the disk was full"
}
tiny=(--set data.size=16 --set data.frames=20 --set data.with='["objects=20"]' --clips 8 --batch 4 --epochs 2
    --set train.micro_batch=2 --set train.warmup_epochs=1 --progress none --threads 1)
for setting in image_size=16 n_frames=4 patch_size=8 width=64 depth=4 heads=2 decoder_width=32 decoder_depth=2 decoder_heads=2; do
    tiny+=(--set "model.$setting")
done

# The space is counted before work begins.
reserve 200
expect 4 "$synvid" generate --variant moving-circles --size 64 --frames 100 --videos 8 --out disk/data
one_error
says err disk/data
nothing_final disk dataset.json

# It runs out in the middle: the check sees room, then somebody else takes it.
for n in 1 2; do
    reserve 300
    expect 4 ranks "$n" "$synvid" pretrain --variant moving-circles "${tiny[@]}" --out disk/runs
    one_error
    says err disk/runs
    nothing_final disk/runs 'step-*.h5'
    nothing_final disk/runs result.json
done
reserve 7900
expect 0 "$synvid" pretrain --variant moving-circles "${tiny[@]}" --out disk/runs

# Pools and pictures.
rm -rf disk/runs
mkdir pictures
ffmpeg -v error -f lavfi -i testsrc2=size=256x256:rate=10:duration=1 pictures/%d.png
reserve 3000 # for the pool, but not for what it is made of
expect 4 "$synvid" ingest --input pictures --as images --size 256 --out disk/pool.h5
one_error
says err "disk/pool.h5: needs"
[ ! -e disk/pool.h5.journal ] || fail "work was begun on a disk without room"
nothing_final disk 'pool.h5*'
reserve 7800
expect 0 "$synvid" ingest --input pictures --as images --size 256 --out disk/pool.h5
expect 0 "$synvid" verify disk/pool.h5

# A folder that cannot be made, and one that cannot be written.
touch file
for n in 1 2; do
    expect 4 ranks "$n" "$synvid" generate --variant moving-circles --size 32 --videos 2 --out file/data
    one_error
    says err file
    expect 4 ranks "$n" "$synvid" pretrain --variant moving-circles "${tiny[@]}" --out file/runs
    one_error
done
rm -f disk/filler
mount -o remount,ro "$scratch/disk"
expect 4 ranks 2 "$synvid" generate --variant moving-circles --size 32 --videos 2 --out disk/new
one_error
says err "ead-only"
[ ! -e disk/pool.h5.journal ] || fail "pieces are left beside the pool"
