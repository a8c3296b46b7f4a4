#!/usr/bin/env bash
# Two thousand random calls with the library that was built with the address sanitizer.
#   hostile.sh SYNVID SOURCE_DIR LIBRARY BUILD_DIR COMPILER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=environment.sh
. "$here/environment.sh"
unset SYNVID_PYTHON
environment "$4/python-environment"
preload=
for runtime in libasan.so libubsan.so; do
    path=$("$5" -print-file-name="$runtime")
    [ "$path" != "$runtime" ] || skip "the compiler has no shared $runtime"
    preload=$preload${preload:+:}$path
done
export SYNVID_PROGRAM=$1 SYNVID_SOURCE_DIR=$2 SYNVID_LIBRARY=$3 PYTHONPATH=$2/python PYTHONDONTWRITEBYTECODE=1
export SYNVID_RANDOM_CALLS=2000 ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 # Python itself leaks
cd "$here"
exec env LD_PRELOAD="$preload" "$python" -m unittest test_hostile
