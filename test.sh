#!/usr/bin/env bash
# test.sh - installs what is missing, builds, runs every test: the whole suite, and the unit tests once more under the
# address and undefined-behavior sanitizers. Safe to run again; the second time is quick.
#   ./test.sh [ctest options for the main run, such as -R par]
set -euo pipefail
cd "$(dirname "$0")"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
tools/install-dependencies.sh build run test
jobs=$(nproc)

build() { # preset
  echo "== building ($1)"
  cmake --preset "$1" > "build-$1.log" 2>&1 && cmake --build --preset "$1" -j "$jobs" >> "build-$1.log" 2>&1 ||
    { tail -n 40 "build-$1.log"; exit 1; }
  rm -f "build-$1.log"
}

build asan
echo "== unit tests under the sanitizers"
ctest --preset asan -j "$jobs" --quiet --output-on-failure > asan-tests.log 2>&1 || { cat asan-tests.log; exit 1; }
rm -f asan-tests.log
build dev
echo "== all tests"
ctest --preset dev -j "$jobs" "$@"
