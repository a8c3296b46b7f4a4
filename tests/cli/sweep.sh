#!/usr/bin/env bash
# A sweep runs what is missing, in the order of needs; a failing task stops only what needs it; a change redoes exactly
# what it touches.
set -euo pipefail
synvid=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
expect() { # FILE TEXT
  grep -qF -- "$2" "$1" || { cat "$1"; fail "expected \"$2\""; }
}
cat > "$work/s.json" << 'JSON'
{"name": "s", "help": "a test", "vars": {"shell": "bash"}, "tasks": [
  {"task": "completion", "run": ["completion", "{shell}"]},
  {"task": "man-{p}", "for": {"p": ["config"]}, "needs": ["completion"], "run": ["man", "{p}"]},
  {"task": "last", "needs": ["man-*"], "run": ["man"]}]}
JSON

"$synvid" sweep list "$work/s.json" --out "$work/o" > "$work/list"
expect "$work/list" "to do"
"$synvid" sweep run "$work/s.json" --out "$work/o" 2> "$work/log" || fail "the sweep should succeed: $(cat "$work/log")"
expect "$work/log" "last: finished"
[ -s "$work/o/sweep/man-config.out" ] || fail "stdout of a task is kept"

"$synvid" sweep run "$work/s.json" --out "$work/o" 2> "$work/log"
expect "$work/log" "0 to do"

code=0
"$synvid" sweep run "$work/s.json" --out "$work/o" --var shell=fish 2> "$work/log" || code=$?
[ "$code" = 2 ] || fail "a failing task gives its exit code: expected 2, found $code"
expect "$work/log" "completion: failed"
"$synvid" sweep status "$work/s.json" --out "$work/o" --var shell=fish > "$work/status"
expect "$work/status" "1 failed"
if grep -q "last: started" "$work/log"; then fail "a task started although its need failed"; fi

"$synvid" sweep show "$work/s.json" last --out "$work/o" > "$work/show"
expect "$work/show" "synvid man"
code=0
"$synvid" sweep run "$work/s.json" nosuch --out "$work/o" 2> "$work/log" || code=$?
[ "$code" = 2 ] || fail "an unknown task is a usage error"
code=0
"$synvid" sweep run "$work/s.json" --out "$work/o" --var shel=x 2> "$work/log" || code=$?
[ "$code" = 2 ] || fail "an unknown variable is a usage error"
expect "$work/log" 'did you mean "shell"'
echo "passed"
