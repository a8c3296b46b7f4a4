#!/usr/bin/env bash
# generate and variants: plans, writes, resumes after kills and stops, refuses what cannot work, the same bytes always.
. "$2/tests/support/cli.sh"
small=(generate --variant moving-shapes --size 64 --frames 40 --with objects=60 --shard-videos 3 --progress none)

same_files() { # same_files A B: every file of A is in B, byte for byte
    local name
    for name in "$1"/*; do
        cmp -s "$name" "$2/$(basename "$name")" || fail "$name differs from that in $2"
    done
}

no_manifest() {
    [ ! -e "$1/dataset.json" ] || fail "$1 has a manifest"
}

# A dry run writes nothing and tells the sizes.
expect 0 "$synvid" "${small[@]}" --videos 12 --out dry --dry-run
says out "12 videos, 480 frames of 64 x 64, 4 shards"
fits out
[ ! -e dry ] || fail "a dry run made its folder"

# Ranks and threads.
expect 0 "$synvid" "${small[@]}" --videos 12 --out one --threads 1
expect 0 "$synvid" "${small[@]}" --videos 12 --out two --threads 2
expect 0 ranks 2 "$synvid" "${small[@]}" --videos 12 --out three --threads 1
same_files one two
same_files one three

# One file, written by all ranks at once: the bytes and the digest of a single shard, for any number of ranks.
expect 0 "$synvid" "${small[@]}" --videos 12 --shard-videos 12 --out single
for n in 1 2 3; do
    expect 0 ranks "$n" "$synvid" "${small[@]}" --videos 12 --one-file true --out "together$n" --threads $((n == 1 ? 2 : 1))
    expect 0 "$synvid" verify "together$n"
    [ "$(find "together$n" -name 'shard-*' | wc -l)" -eq 1 ] || fail "not one file"
    cmp -s "together$n/dataset.json" single/dataset.json || fail "$n ranks: another dataset in one file"
    cmp -s "together$n/shard-00000.h5" together1/shard-00000.h5 || fail "$n ranks: other bytes in one file"
done
expect 0 ranks 2 "$synvid" "${small[@]}" --videos 12 --one-file true --out together2 # kept
expect "$(killed_rank)" env SYNVID_FAULT=shard.write:rank=1:nth=2:kill \
    mpirun -n 2 "$synvid" "${small[@]}" --videos 12 --one-file true --out torn --threads 1
no_manifest torn
[ ! -e torn/shard-00000.h5 ] || fail "a killed run left a whole file"
expect 4 env SYNVID_FAULT=shard.write:rank=1:nth=2 \
    mpirun -n 2 "$synvid" "${small[@]}" --videos 12 --one-file true --out torn --threads 1
once "injected fault"
[ -z "$(find torn -name 'shard-*')" ] || fail "a failed run left its file"
expect 0 ranks 2 "$synvid" "${small[@]}" --videos 12 --one-file true --out torn
cmp -s torn/shard-00000.h5 together1/shard-00000.h5 || fail "other bytes after a kill"
expect 2 "$synvid" "${small[@]}" --videos 12 --one-file true --storage deflate --out bad
once "one_file goes with storage raw"

# Killed in the middle: whole shards, no manifest; the same command finishes the set.
expect 137 env SYNVID_FAULT=generate.render:nth=8:kill "$synvid" "${small[@]}" --videos 12 --out killed --threads 1
[ -e killed/shard-00000.h5 ] || fail "no whole shard before the kill"
no_manifest killed
expect 0 "$synvid" "${small[@]}" --videos 12 --out killed
same_files one killed
[ "$(find killed -name '*.partial' | wc -l)" -eq 0 ] || fail "partial files are left"

# One rank of two fails alone: all end with its message, and the same command finishes the set.
for rank in 0 1; do
    expect 70 env SYNVID_FAULT=generate.render:rank=$rank:nth=2 \
        mpirun -n 2 "$synvid" "${small[@]}" --videos 12 --out "fail$rank"
    once "rank $rank: shard"
    no_manifest "fail$rank"
    expect 0 "$synvid" "${small[@]}" --videos 12 --out "fail$rank"
    same_files one "fail$rank"
done

# A time budget stops with 75.
expect 75 "$synvid" "${small[@]}" --videos 6000 --out budget --time-budget 1s --threads 1
once "stopped"
no_manifest budget

# A folder that was planned for something else is left alone, unless told otherwise.
expect 2 "$synvid" "${small[@]}" --videos 13 --out one
once "one/plan.json: this folder was planned for other settings"
expect 2 "$synvid" "${small[@]}" --videos 12 --seed 2 --out one
same_files two one
expect 0 "$synvid" "${small[@]}" --videos 12 --seed 2 --out two --force
! cmp -s one/shard-00000.h5 two/shard-00000.h5 || fail "another seed gave the same shard"

# Bad input.
expect 2 "$synvid" generate --variant moving-shape --out bad
once 'did you mean '
expect 2 "$synvid" "${small[@]}" --with objcts=3 --out bad
once 'did you mean "objects"'
expect 2 "$synvid" "${small[@]}"
expect 3 "$synvid" generate --variant accelerating-images --videos 2 --out bad
once "needs images, none given"
expect 3 "$synvid" generate --variant accelerating-images --pool missing.h5 --videos 2 --out bad
once "missing.h5: "
echo "not a pool" >foreign.h5
expect 3 "$synvid" generate --variant accelerating-images --pool foreign.h5 --videos 2 --out bad
once "foreign.h5: "
expect 3 "$synvid" generate --variant accelerating-images --pool one/shard-00000.h5 --videos 2 --out bad
once "shard-00000.h5: "
no_manifest bad
expect 4 "$synvid" generate --variant moving-shapes --videos 9000000 --shard-videos 1000 --frames 200 --out huge
once "the disk has"
expect 4 "$synvid" "${small[@]}" --videos 2 --out foreign.h5/below
once "cannot make this folder"

# Shares of pools and what does not make sense there.
expect 0 "$synvid" textures --kind stylegan-oriented --images 16 --size 32 --out a.h5
expect 0 "$synvid" textures --kind stylegan-oriented --images 16 --size 32 --seed 2 --out b.h5
textured=(generate --variant images-300k --size 32 --frames 4 --videos 3 --progress none --storage latent)
expect 0 "$synvid" "${textured[@]}" --pool a.h5,b.h5 --out union
expect 0 "$synvid" "${textured[@]}" --pool a.h5:0.9,b.h5:0.1 --out shares
expect 0 ranks 2 "$synvid" "${textured[@]}" --pool a.h5:0.9:resident,b.h5:0.1 --out resident
! cmp -s union/shard-00000.h5 shares/shard-00000.h5 || fail "shares make no difference"
cmp -s shares/shard-00000.h5 resident/shard-00000.h5 || fail "resident pools make a difference"
expect 0 "$synvid" inspect shares --sheet sheet.png # finds its pools and shares again
for bad in a.h5:0.9,b.h5 a.h5:0.9,b.h5:0.9 a.h5:-1; do
    expect 2 "$synvid" "${textured[@]}" --pool "$bad" --out bad
    once "shares sum to"
done
expect 2 "$synvid" "${textured[@]}" --pool "a.h5,,b.h5" --out bad
once "empty name"
expect 2 "$synvid" "${textured[@]}" --pool "a.h5,one:0.5" --out bad
once "is a folder"

# The catalog.
expect 0 "$synvid" variants
fits out
says out "accelerating-images"
expect 0 "$synvid" variants --json
[ "$(grep -c '"variant"' out)" -ge 36 ] || fail "variants --json lists too few"
