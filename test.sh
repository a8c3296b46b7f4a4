#!/usr/bin/env bash
# test.sh - installs what is missing, builds, runs every test: the whole suite, and the unit tests once more under the
# address and undefined-behavior sanitizers, what has threads under the thread sanitizer. Safe to run again; the second time is quick.
#   ./test.sh [ctest options for the main run, such as -R par]
set -euo pipefail
cd "$(dirname "$0")"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
tools/install-dependencies.sh build run test
jobs=$(nproc)
mkdir -p build

quietly() { # LOG COMMAND...: shows the log's end when the command fails
  local log=$1
  shift
  "$@" > "$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
}
build() { # PRESET
  echo "== building ($1)"
  quietly "build/$1-configure.log" cmake --preset "$1" -DSYNVID_WERROR="${SYNVID_WERROR:-OFF}"
  quietly "build/$1-build.log" cmake --build --preset "$1" -j "$jobs"
}

build asan
echo "== unit tests under the sanitizers"
quietly build/asan-tests.log ctest --preset asan -j "$jobs"
tail -n 4 build/asan-tests.log
build tsan
# Its preset keeps PMIx 5 from sharing memory at addresses that the sanitizer has taken for itself (PMIX_MCA_gds).
echo "== tests with threads under the thread sanitizer"
quietly build/tsan-tests.log ctest --preset tsan -j "$jobs"
tail -n 4 build/tsan-tests.log
build dev
echo "== all tests"
ctest --preset dev -j "$jobs" "$@"
