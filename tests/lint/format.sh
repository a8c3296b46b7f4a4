#!/usr/bin/env bash
# Every C file is as .clang-format wants it. Skipped where clang-format is not installed.
#   format.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2"
command -v clang-format >/dev/null || { echo "skipped: no clang-format"; exit 77; }
find src tests include -name '*.[ch]' -print0 | sort -z | xargs -0 clang-format --dry-run --Werror
