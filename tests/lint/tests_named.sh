#!/usr/bin/env bash
# Every test that docs/fidelity.md names in backquotes exists: `unit.pool`, `cli.ingest`, `rehearsal.breaks`.
#   tests_named.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2"

# missing TEXT: tests named in the text that are not there
missing() {
    local name kind
    # shellcheck disable=SC2016  # backquotes are the text's
    while read -r name; do
        kind=${name%%.*} name=${name#*.}
        [ -e "tests/$kind/test_$name.c" ] || [ -e "tests/$kind/$name.sh" ] || [ "$kind.$name" = golden.outputs ] ||
            echo "$kind.$name"
    done < <(grep -oE '`(unit|par|cli|fault|lint|golden|rehearsal|reliability)\.[a-z0-9_]+`' "$1" | tr -d '`' | sort -u)
}

found=$(missing docs/fidelity.md)
[ -z "$found" ] || { echo "docs/fidelity.md names tests that are not there:"; echo "$found"; exit 1; }
# It can fail.
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT
# shellcheck disable=SC2016
echo 'Checked by `unit.pool`, `cli.no_such` and `par.nothing`.' >"$wrong"
[ "$(missing "$wrong" | tr '\n' ' ')" = "cli.no_such par.nothing " ] || { echo "tests that are not there are not found"; exit 1; }
echo "all tests that are named are there"
