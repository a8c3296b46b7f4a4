#!/usr/bin/env bash
# generate is interrupted anywhere - killed at random moments, out of disk in the middle, failing at its seventh shard -
# and the same command again gives the digests of a run that nothing happened to; whole shards are not made again.
. "$2/tests/support/cli.sh"
set=(generate --variant accelerating-images --size 64 --frames 40 --with objects=80 --videos 24 --shard-videos 2 --progress none)

expect 0 "$synvid" textures --kind stylegan-oriented --images 16 --size 32 --out pool.h5
expect 0 "$synvid" "${set[@]}" --pool pool.h5 --out undisturbed
wanted=$("$synvid" verify undisturbed)
wanted=${wanted%% *}
same_as_undisturbed() { # same_as_undisturbed DIR
    local found
    found=$("$synvid" verify "$1") || fail "$1 does not verify"
    [ "${found%% *}" = "$wanted" ] || fail "$1 has another digest than an undisturbed run"
    [ -z "$(find "$1" -name '*.partial')" ] || fail "$1 holds partial files"
}

# The seventh shard fails: one message, six shards stay and are not touched by the second attempt.
expect 4 env SYNVID_FAULT=shard.create:nth=7 "$synvid" "${set[@]}" --pool pool.h5 --out seventh --threads 1
once "error: "
[ "$(find seventh -name 'shard-*.h5' | wc -l)" -eq 6 ] || fail "not six whole shards"
[ ! -e seventh/dataset.json ] || fail "a manifest after a failure"
for shard in seventh/shard-*.h5; do touch -d 2001-01-01 "$shard"; done
expect 0 "$synvid" "${set[@]}" --pool pool.h5 --out seventh
[ "$(find seventh -name 'shard-*.h5' -not -newermt 2001-01-02 | wc -l)" -eq 6 ] || fail "whole shards were made again"
same_as_undisturbed seventh

# Killed at random moments, by itself and with a second rank, until it gets through.
for n in 1 2; do
    kills=0
    for delay in 0.05 0.1 0.15 0.2 0.3 0.5; do
        code=0
        if [ "$n" -eq 1 ]; then
            timeout -s KILL "$delay" "$synvid" "${set[@]}" --pool pool.h5 --out "killed$n" --threads 1 >out 2>err || code=$?
        else
            timeout -s KILL "$(awk "BEGIN { print $delay + 0.5 }")" mpirun -n 2 \
                "$synvid" "${set[@]}" --pool pool.h5 --out "killed$n" --threads 1 >out 2>err || code=$?
        fi
        [ "$code" -eq 0 ] || kills=$((kills + 1))
    done
    [ "$kills" -gt 0 ] || echo "note: every run with $n ranks was faster than its kill"
    for _ in $(seq 100); do # the ranks of a killed mpirun end by themselves
        pgrep -f -- "--out killed$n --threads" >/dev/null || break
        sleep 0.1
    done
    expect 0 "$synvid" "${set[@]}" --pool pool.h5 --out "killed$n"
    same_as_undisturbed "killed$n"
done

# A pool that is too small, and one smaller than the paper's.
expect 3 "$synvid" "${set[@]}" --pool pool.h5 --with pool_min=17 --out small
once "16 images, expected at least 17"
[ ! -e small/dataset.json ] || fail "a manifest although the pool is too small"
expect 0 "$synvid" "${set[@]/accelerating-images/images-300k}" --pool pool.h5 --out told
says err "the pool has 16 images, the paper's 300000"
grep -q '"images": 16' told/dataset.json || fail "the manifest does not count the pool's images"

# Somebody else fills the disk while the seventh shard is rendered (slow ones: networks).
mkdir disk
mount -t tmpfs -o size=10m tmpfs disk 2>/dev/null || { echo "note: cannot mount a small disk here"; exit 0; }
trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
slow=(generate --variant dynamic-stylegan-videos --size 64 --frames 12 --videos 9 --shard-videos 1 --progress none
    --threads 1)
expect 0 "$synvid" "${slow[@]}" --out slow
"$synvid" "${slow[@]}" --out disk/slow >out 2>err &
run=$!
until [ -e disk/slow/shard-00005.h5 ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.01; done
fallocate -l "$(df --output=avail -B1 disk | tail -n 1)" disk/filler
code=0
wait "$run" || code=$?
[ "$code" -eq 4 ] || { cat err; fail "exit code $code instead of 4"; }
once "error: "
grep -qE "error: .*shard-0000[6-8]" err || { cat err; fail "the error does not name the shard"; }
says err "No space left on device"
[ ! -e disk/slow/dataset.json ] || fail "a manifest although the disk was full"
[ -e disk/slow/shard-00005.h5 ] || fail "whole shards are gone"
rm disk/filler
expect 0 "$synvid" "${slow[@]}" --out disk/slow
cmp slow/dataset.json disk/slow/dataset.json || fail "another dataset after the disk was full"
