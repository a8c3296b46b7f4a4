#!/usr/bin/env bash
# Stages whose work is many small pieces - textures, a pool of images, features of a probe, the test of a fine-tuning, an
# analysis - are stopped again and again after a piece or two, on one rank and on two in turn: every life gets on,
# finished pieces are not made again, the outcome is that of a run that nobody stopped, and nothing is left beside it.
. "$2/tests/support/fault.sh"
make_inputs

# An interrupted run keeps other checkpoints on the way; the last one counts.
only_last() { find "$1" -name 'step-*.h5' | sort | head -n -1 | xargs -r rm; }

# stopped_often NAME POINT PIECES: the experiment in lives of about a piece a rank, stopped at that fault point
stopped_often() {
    local name=$1 point=$2 pieces=$3 lives=0 code n wanted journal
    experiment "$name" "undisturbed/$name"
    expect 0 run 1 "$synvid" "${command[@]}"
    only_last "$product"
    wanted=$(digests "$product")
    experiment "$name" "stopped/$name"
    while :; do
        n=$((1 + lives % 2)) code=0
        SYNVID_FAULT=$point:wait=0.05 run "$n" "$synvid" "${command[@]}" --time-budget 0.01s >out 2>err || code=$?
        [ "$code" -ne 0 ] || break
        [ "$code" -eq 75 ] || { cat err; fail "$name: exit code $code instead of 75"; }
        one_error "run the same command again"
        [ -z "$(find "stopped/$name" -name result.json -o -name pool.h5)" ] || fail "$name: a product after a stop"
        journal=$(find "stopped/$name" -name '*.journal')
        lives=$((lives + 1))
        [ "$lives" -le "$pieces" ] || fail "$name: stopped more often than it has pieces"
    done
    echo "$name: $lives stops"
    [ "$lives" -ge 2 ] || fail "$name: was stopped $lives times only"
    only_last "$product"
    [ "$(digests "$product")" = "$wanted" ] || fail "$name: another outcome than without stops"
    [ -z "$(find stopped -name '*.journal')" ] || fail "$name: leaves its journal"
    whole "stopped/$name"

    # A life that died between the whole and its journal: what comes next finds the whole (textures, an analysis, the
    # features of a probe) or makes it again, and clears up.
    mkdir "$journal" && : >"$journal/rank-0000-0"
    case $name in probe | finetune) find "$product" -name result.json -delete ;; esac
    expect 0 run 2 "$synvid" "${command[@]}"
    only_last "$product"
    [ "$(digests "$product")" = "$wanted" ] || fail "$name: another outcome beside a journal that was left"
    [ -z "$(find stopped -name '*.journal')" ] || fail "$name: does not clear a journal that was left"
}
stopped_often textures textures.block 5
stopped_often pool ingest.image 4
stopped_often probe forward.video 32
stopped_often finetune forward.video 32
stopped_often analyze analyze.chunk 16

# Pieces of something else are not taken for its own: another seed, and the same run again with --force.
experiment textures elsewhere
expect 75 env SYNVID_FAULT=textures.block:wait=0.05 "$synvid" "${command[@]}" --time-budget 0.01s
expect 0 "$synvid" "${command[@]}" --seed 2
[ "$(digests "$product")" != "$(digests undisturbed/textures/pool.h5)" ] || fail "another seed gives the same textures"
experiment textures alone
expect 0 "$synvid" "${command[@]}" --seed 2
[ "$(digests elsewhere/pool.h5)" = "$(digests alone/pool.h5)" ] || fail "pieces of another seed were taken"
