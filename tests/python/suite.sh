#!/usr/bin/env bash
# All tests of the Python package, with the library of this build. With PyTorch and transformers in the interpreter that
# SYNVID_PYTHON names, the tests that need them run, too.
#   suite.sh SYNVID SOURCE_DIR LIBRARY BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=environment.sh
. "$here/environment.sh"
environment "$4/python-environment"
export SYNVID_PROGRAM=$1 SYNVID_SOURCE_DIR=$2 SYNVID_LIBRARY=$3 PYTHONPATH=$2/python PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec "$python" -m unittest
