#!/usr/bin/env bash
# run.sh TARGET SECONDS - fuzzes one target. Build it first: cmake --preset fuzz && cmake --build --preset fuzz
# Starts from the kept corpus and grows build/fuzz/corpus/TARGET. A find ends the run and stays in build/fuzz/finds;
# `build/asan/tests/fuzz/fuzz_TARGET FIND` repeats it. keep.sh puts what is worth keeping into the repository.
set -euo pipefail
target=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../build/fuzz
mkdir -p "$work/corpus/$target" "$work/kept/$target" "$work/finds"
unzip -qo "$here/corpus/$target.zip" -d "$work/kept/$target"
# A tensor of a megabyte teaches nothing that one of a kilobyte does not.
options=(-max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -use_value_profile=1 -print_final_stats=1)
for name in "$target" "${target%%_*}"; do
    [ ! -f "$here/dictionaries/$name.dict" ] || options+=(-dict="$here/dictionaries/$name.dict")
done
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
exec "$work/tests/fuzz/fuzz_$target" "${options[@]}" -artifact_prefix="$work/finds/$target-" "$work/corpus/$target" \
    "$work/kept/$target"
