#!/usr/bin/env bash
# loops.sh OBJDUMP OBJECT - what the inner loops of a kernel are made of: for each function of an arm64 object file, the innermost loop with
# the most fused multiply-adds, its instructions by kind. Where timings cannot be had, this says whether the compiler kept
# the sums in registers (no stores in the loop) and how many instructions a multiply-add costs.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2; }

"$1" -d --no-show-raw-insn "$2" | awk '
  function judge(   from, to, i, j, inner, kind, n) { # the loops of the function that has ended
    best = 0
    for (i = 1; i <= jumps; i++) {
      from = place[target[i]]; to = at[i]
      if (!from || from > to) continue
      inner = 1
      for (j = 1; j <= jumps; j++) if (j != i && place[target[j]] >= from && at[j] < to && place[target[j]] <= at[j]) inner = 0
      if (!inner) continue
      delete n
      for (j = from; j <= to; j++) {
        kind = name[j] ~ /^f(mla|madd|mls|msub|nmsub)$/ ? "fused" : name[j] ~ /^(ld|ldr|ldp|ldur)/ ? "loads" : name[j] ~ /^(st|stp|stur)/ ? "stores" : "others"
        n[kind]++
      }
      if (n["fused"] > best) { best = n["fused"]; row = sprintf("%6d %6d %6d %6d %6.2f", n["fused"], n["loads"], n["stores"], n["others"], (to - from + 1) / n["fused"]) }
    }
    if (best) printf "%-36s %s\n", function_name, row
  }
  BEGIN { printf "%-36s %6s %6s %6s %6s %s\n", "function", "fused", "loads", "stores", "others", "instructions a multiply-add" }
  /^[0-9a-f]+ <.*>:$/ { if (function_name) judge(); function_name = substr($2, 2, length($2) - 3); count = jumps = 0; delete place; next }
  /^ +[0-9a-f]+:/ {
    count++; place[substr($1, 1, length($1) - 1)] = count; name[count] = $2
    if ($2 ~ /^(b\.|b$|cbz|cbnz|tbz|tbnz)/) for (i = 3; i <= NF; i++) if ($i ~ /^<.*>$/) { jumps++; target[jumps] = $(i - 1); at[jumps] = count; break }
  }
  END { judge() }'
