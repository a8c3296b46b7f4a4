#!/usr/bin/env bash
# The stand-in datasets through `synvid generate`: labels, splits, and a manifest that says what the pictures are.
set -euo pipefail
synvid=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
make() { # OUT VARIANT SPLIT...
  local out=$work/$1 variant=$2 split=$3
  shift 3
  "$synvid" generate -q --variant "$variant" --split "$split" --videos 24 --size 32 --frames 8 --out "$out" "$@"
}
digest() { grep -m 1 '"digest"' "$work/$1/dataset.json"; }

for kind in motion actions; do
  make "$kind" "standin-$kind" train
  manifest=$work/$kind/dataset.json
  grep -q '"kind": "standin"' "$manifest" || fail "$kind: the manifest does not call it a stand-in"
  grep -q '"backgrounds": "procedural"' "$manifest" || fail "$kind: the manifest does not say that pictures are procedural"
  make "$kind-again" "standin-$kind" train --threads 2
  [ "$(digest "$kind")" = "$(digest "$kind-again")" ] || fail "$kind: the same command gave other bytes"
  make "$kind-test" "standin-$kind" test
  [ "$(digest "$kind")" != "$(digest "$kind-test")" ] || fail "$kind: train and test are the same"
  make "$kind-hard" "standin-$kind-hard" train
  [ "$(digest "$kind")" != "$(digest "$kind-hard")" ] || fail "$kind: the hard level is the easy one"
done
grep -q counter-clockwise "$work/motion/dataset.json" || fail "class names are missing"
grep -q windmill-out "$work/actions/dataset.json" || fail "class names are missing"

code=0
make bad standin-motion validation 2>"$work/err" || code=$?
[ "$code" -eq 2 ] || fail "an unknown split ended with $code"
grep -q 'validation' "$work/err" || fail "the message does not name the split"
[ ! -e "$work/bad/dataset.json" ] || fail "a refused command left a manifest"
