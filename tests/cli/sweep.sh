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

# Launchers have ends of their own. One that reports success for ranks that said nothing (srun, when their node fails) has
# not succeeded; one that stops at the same place five times in a row will never get there; getting on begins a new count.
cat > "$work/l.json" << 'JSON'
{"name": "l", "tasks": [{"task": "one", "ranks": 2, "run": ["generate"]}]}
JSON
launcher() { # launcher BODY: what stands in for mpirun
  printf '#!/bin/sh\n%s\n' "$1" > "$work/launcher"
  chmod +x "$work/launcher"
}
launched() { # launched CODE TEXT: the sweep ends so, and its status says TEXT
  code=0
  SYNVID_LAUNCH="$work/launcher" "$synvid" sweep run "$work/l.json" --out "$work/l" 2> "$work/log" || code=$?
  [ "$code" = "$1" ] || { cat "$work/log"; fail "exit code $code instead of $1"; }
  "$synvid" sweep status "$work/l.json" --out "$work/l" > "$work/status"
  expect "$work/status" "$2"
}
launcher 'exit 0'
launched 70 "ended by signal 9, time 3 of 3"
expect "$work/log" "reported success for ranks that said nothing"
at() { launcher "echo '$1/9 steps (33.3 %), 5 steps/s' >&2; exit 75"; }
at 3
for _ in 1 2 3 4; do launched 75 "1 stopped"; done
at 4
for _ in 1 2 3 4; do launched 75 "1 stopped"; done
launched 2 "stopped 5 times in a row at the same place"
# Open MPI's refusal of root ends in advice that does not say what to do.
launcher 'printf "%s\n" "mpirun has detected an attempt to run as root." "proceed at your own risk." >&2; exit 1'
launched 70 "mpirun does not run as root unasked"
launcher 'echo made; exit 0'
launched 0 "1 finished"
# Commands of one task each may run side by side: the second task does not begin at the first one's core.
if [ "$(nproc)" -ge 2 ]; then
  cat > "$work/c.json" << 'JSON'
{"name": "c", "lists": {"names": ["first", "second"]},
 "tasks": [{"task": "{it}", "for": {"it": "@names"},
            "run": ["pretrain", "--config", "quickstart", "--variant", "static-circles", "--out", "{out}/{it}"]}]}
JSON
  cores() { # cores TASK: of the process that trains
    "$synvid" sweep run "$work/c.json" "$1" --out "$work/c" 2> "$work/log" &
    local sweep=$! child='' tries=0
    until [ -n "$child" ] && grep -q steps "$work/c/sweep/$1.log" 2> /dev/null; do
      child=$(tr -d " " < "/proc/$sweep/task/$sweep/children" || true)
      tries=$((tries + 1))
      [ "$tries" -lt 600 ] || fail "$1 does not start"
      sleep 0.1
    done
    awk '/^Cpus_allowed_list/ {print $2}' "/proc/$child/status"
    kill -TERM "$sweep"
    wait "$sweep" || true
  }
  first=$(cores first) second=$(cores second)
  [ "$first" != "$second" ] || fail "two tasks on core $first"
fi
echo "passed"
