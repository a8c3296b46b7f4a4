#!/usr/bin/env bash
# The list of fault points in base/failure/fault.c is what the code visits: no more, no less, each once.
#   faults.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2/src"
listed=$(sed -n '/fault_points\[\] = {/,/};/p' base/failure/fault.c | grep -oE '"[^"]+"' | tr -d '"' | sort)
visited=$(grep -rhoE --include='*.c' 'fault_hit\("[^"]+"\)' . | grep -oE '"[^"]+"' | tr -d '"' | sort -u)
[ -n "$visited" ] || { echo "no fault points found"; exit 1; }
diff <(echo "$listed") <(echo "$visited") || { echo "^ < listed in base/failure/fault.c, > visited in src/"; exit 1; }
