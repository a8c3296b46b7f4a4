#!/usr/bin/env bash
# The library exports what symbols.txt lists, nothing less and nothing more, with the versions it had when it first did;
# and it neither ends the process nor talks.
#   symbols.sh LIBRARY SYMBOLS
set -euo pipefail
library=$1 expected=$2
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort)
diff "$expected" <(echo "$exported") ||
  { echo "$library: exported symbols (>) are not those of $(basename "$expected") (<): added ones belong there and in"
    echo "cmake/libsynvid.map, in a new version; none may ever disappear"; exit 1; }
readelf -d "$library" | grep -q 'SONAME.*\[libsynvid\.so\.0\]' || { echo "$library: its SONAME is not libsynvid.so.0"; exit 1; }
