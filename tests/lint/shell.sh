#!/usr/bin/env bash
# Every script of the tree, and the completion script, through shellcheck. Skipped where that is not installed.
#   shell.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2"
command -v shellcheck >/dev/null || { echo "skipped: no shellcheck"; exit 77; }
mapfile -t scripts < <(find . -path ./build -prune -o -path ./.git -prune -o -type f \
    \( -name '*.sh' -o -name '*.sbatch' -o -path './.ci/*' \) -print | sort)
[ "${#scripts[@]}" -gt 0 ]
shellcheck -x "${scripts[@]}"
shellcheck -s bash <("$1" completion bash)
