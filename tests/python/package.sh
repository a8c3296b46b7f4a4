#!/usr/bin/env bash
# `pip install ./python` in a fresh virtual environment builds the library and installs a package that works far from
# the sources: it finds its library and its variants beside itself.
#   package.sh SYNVID SOURCE_DIR LIBRARY BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=environment.sh
. "$here/environment.sh"
unset SYNVID_PYTHON
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
environment "$work/environment"
quietly "pip reaches no scikit-build-core" "$python" -m pip download --no-deps --dest "$work" scikit-build-core
"$python" -m pip install --config-settings=build-dir="$4/wheel" "$2/python" > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
export SYNVID_PROGRAM=$1 SYNVID_SOURCE_DIR=$2
cd "$work"
"$python" - "$2" << 'END'
import sys, synvid
assert synvid.library_path().endswith("site-packages/synvid/lib/libsynvid.so.0"), synvid.library_path()
try:
    synvid.Source(variant="no-such-variant")
except synvid.SettingsError as error:  # it says where it looked
    assert "site-packages/synvid/share/synvid/configs" in str(error), error
END
cd "$here"
"$python" -m unittest test_source.OneSource test_hostile test_readme
