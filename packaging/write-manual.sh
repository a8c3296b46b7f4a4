#!/usr/bin/env bash
# write-manual.sh SYNVID MAN_DIR COMPLETION_DIR - the manual pages of synvid and of each command, compressed, and the
# bash completion, as the program itself prints them.
set -euo pipefail
synvid=$1 pages=$2 completions=$3
mkdir -p "$pages" "$completions"
"$synvid" man | gzip -9n > "$pages/synvid.1.gz"
"$synvid" man | sed -n 's/^\.BR synvid\\-\([a-z]*\) (1)$/\1/p' | while read -r command; do
  "$synvid" man "$command" | gzip -9n > "$pages/synvid-$command.1.gz"
done
"$synvid" completion bash > "$completions/synvid"
