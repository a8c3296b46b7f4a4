#!/usr/bin/env bash
# quickstart.sh with stand-ins for what it installs, builds, fetches and runs: which sweep it runs where, what it does
# without natural media, and mistakes, which must change nothing.
. "$2/tests/support/cli.sh"

mkdir -p project/tools project/build/release bin
cp "$2/quickstart.sh" project/
stub() { # stub FILE TEXT
    printf '#!/bin/sh\n%s\n' "$2" > "$1"
    chmod +x "$1"
}
stub project/tools/install-dependencies.sh 'echo "installed $*"'
stub project/tools/fetch-media.sh 'test ! -e no-media'
stub project/build/release/synvid 'echo "synvid $*"'
stub bin/cmake 'exit 0'
export PATH=$PWD/bin:$PATH

expect 0 project/quickstart.sh
says out "synvid sweep run quickstart --out $PWD/quickstart --var media=$PWD/quickstart/media"
precision=float32
if grep -qsw avx512_bf16 /proc/cpuinfo; then precision=bfloat16; fi
says out "--var precision=$precision"
expect 0 project/quickstart.sh here
says out "synvid sweep run quickstart --out $PWD/here --var"
expect 0 project/quickstart.sh --long
says out "synvid sweep run reduced --out $PWD/quickstart-long --var media=$PWD/quickstart-long/media"
says out 'It takes hours'
expect 0 project/quickstart.sh there --long
says out "synvid sweep run reduced --out $PWD/there --var"

: > no-media
expect 0 project/quickstart.sh here
says out "synvid sweep run quickstart-procedural --out $PWD/here --var"
expect 1 project/quickstart.sh --long there
says err 'no natural media could be had'
! grep -q 'synvid sweep' out || fail "a sweep was run without media"

expect 0 project/quickstart.sh --help
says out '--long'
! grep -q 'set -euo' out || fail "the help shows code"
expect 2 project/quickstart.sh --lnog
says err 'unknown option "--lnog"'
expect 2 project/quickstart.sh one two
says err 'one folder, not two'
[ ! -e one ] || fail "a mistake made a folder"
