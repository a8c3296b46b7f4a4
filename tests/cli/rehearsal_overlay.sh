#!/usr/bin/env bash
# What a rehearsal's overlay may do to settings: the most of a number, a share of it, numbers of the overlay that it
# extends; nothing grows, and nothing else can be changed.
. "$2/tests/support/cli.sh"

# epochs OVERLAY EPOCHS: what a pre-training of so many epochs has under it
epochs() {
    rm -rf runs
    expect 0 "$synvid" pretrain --config smoke --variant moving-circles --epochs "$2" --rehearsal "$1" --threads 1 --out runs -q
    sed -n 's/^ *"epochs": *\([0-9]*\).*/\1/p' runs/*/config.json
}
small='"model": {"width": 16, "depth": 1, "heads": 1}, "data": {"clips": 2}'
echo "{\"pretrain\": {$small, \"train\": {\"epochs\": 2, \"batch\": 2, \"micro_batch\": 2, \"warmup_epochs\": 0}}}" >most.json
echo '{"extends": "most.json", "pretrain": {"train": {"epochs": 0.34}}}' >share.json
[ "$(epochs most.json 5)" = 2 ] || fail "not the most that an overlay allows"
[ "$(epochs most.json 1)" = 1 ] || fail "a setting grew"
# Different lengths stay different, and the rest is that of the overlay below.
[ "$(epochs share.json 3)" = 2 ] || fail "not the share of 3, rounded up"
[ "$(epochs share.json 6)" = 3 ] || fail "not the share of 6, rounded up"
grep -q '"clips": *2,' runs/*/config.json || fail "numbers of the overlay below are lost"
[ "$(epochs share.json 1)" = 1 ] || fail "a share of one is not one"

refused() { # refused TEXT OVERLAY
    echo "$2" >wrong.json
    expect 2 "$synvid" pretrain --config smoke --variant moving-circles --rehearsal wrong.json --threads 1 --out runs -q
    says err "$1"
}
refused "a rehearsal makes sizes and counts smaller and changes nothing else" '{"pretrain": {"train": {"base_lr": 0.001}}}'
refused "there is no setting train.epoch" '{"pretrain": {"train": {"epoch": 1}}}'
refused "one step is enough" '{"extends": "share.json"}'
# An overlay for one sweep alone is taken by its name.
expect 0 "$synvid" sweep run compute --rehearsal quick --out none --plan --core-gflops 50
"$synvid" sweep show compute 20 --rehearsal quick --out none >shown
grep -q -- '--rehearsal quick-compute' shown || { cat shown; fail "compute is not rehearsed by its own overlay"; }
"$synvid" sweep show smoke 0 --rehearsal quick --out none >shown
grep -qE -- '--rehearsal quick( |$)' shown || { cat shown; fail "smoke is rehearsed by the overlay of another sweep"; }
echo "overlays: ok"
