#!/usr/bin/env bash
# keep.sh TARGET - after run.sh: the smallest set of inputs that reaches all that the old and the new ones reach becomes
# tests/fuzz/corpus/TARGET.zip. Files given as further arguments are looked at too: seeds.
set -euo pipefail
target=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../build/fuzz
mkdir -p "$here/corpus" "$work/corpus/$target" "$work/kept/$target" "$work/finds"
[ $# -eq 0 ] || cp "$@" "$work/corpus/$target"
chosen=$(mktemp -d)
trap 'rm -rf "$chosen"' EXIT
export ASAN_OPTIONS=allocator_may_return_null=1
"$work/tests/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 -artifact_prefix="$work/finds/$target-" -max_len=65536 "$chosen" "$work/kept/$target" "$work/corpus/$target" 2>&1 | tail -n 1
# The same inputs give the same archive: names from contents, one time for all, sorted.
cd "$chosen"
for file in *; do mv "$file" "$(sha1sum < "$file" | cut -c 1-12)"; done
touch -d 2000-01-01T00:00:00Z ./*
rm -f "$here/corpus/$target.zip"
printf '%s\n' * | TZ=UTC zip -qX9@ "$here/corpus/$target.zip"
ls -l "$here/corpus/$target.zip"
