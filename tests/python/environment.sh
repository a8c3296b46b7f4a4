# shellcheck shell=bash
# Virtual environments of the Python tests; sourced. Arguments of the scripts: SYNVID SOURCE_DIR LIBRARY BUILD_DIR.
# A test is skipped, with the reason, where there is no Python or pip reaches no index.

skip() {
    echo "skipped: $*"
    exit 77
}

# quietly WHY COMMAND...: skips when it fails
quietly() {
    local why=$1 log
    shift
    log=$(mktemp)
    if ! "$@" > "$log" 2>&1; then
        tail -n 5 "$log"
        rm -f "$log"
        skip "$why"
    fi
    rm -f "$log"
}

# environment FOLDER: a virtual environment there with NumPy, made if it is not there; `python` is its interpreter.
# SYNVID_PYTHON names another interpreter with NumPy, such as one that has PyTorch.
environment() {
    if [ -n "${SYNVID_PYTHON:-}" ]; then
        python=$SYNVID_PYTHON
        return
    fi
    command -v python3 > /dev/null || skip "there is no python3"
    python=$1/bin/python
    [ -x "$python" ] || quietly "python3 cannot make a virtual environment (python3-venv)" python3 -m venv "$1"
    "$python" -c 'import numpy' 2> /dev/null || quietly "pip cannot install NumPy here" "$python" -m pip install numpy
}
