# shellcheck shell=bash
# support/cli.sh - what every script test needs; source it with: . "$2/tests/support/cli.sh"
#
# Sets $synvid and $source, makes the scratch folder $scratch the current one (removed at exit), and offers checks that
# say what was expected. A script passes when it reaches its end.
set -euo pipefail
synvid=$(realpath "$1")
source=$(realpath "$2")
# shellcheck disable=SC2034  # for the scripts
readonly synvid source
scratch=$(mktemp -d "${TMPDIR:-/tmp}/synvid-cli-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Ranks as root, more of them than cores, on any core: Open MPI 4, then 5 and newer. MPICH has no such limits.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none

fail() {
    echo "FAILED: $*"
    exit 1
}

# expect CODE COMMAND...: the exit code is CODE; what it says is left in the files out and err
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" -eq "$wanted" ] || { cat "$scratch/out" "$scratch/err"; fail "exit code $code instead of $wanted: $*"; }
}

# says FILE TEXT: the last command said TEXT there (out or err)
says() {
    grep -aqF -e "$2" "$scratch/$1" || { cat "$scratch/$1"; fail "$1 does not say: $2"; }
}

# once TEXT: exactly one line of err holds TEXT
once() {
    [ "$(grep -acF -e "$1" "$scratch/err")" -eq 1 ] || { cat "$scratch/err"; fail "not exactly once in err: $1"; }
}

# fits FILE: no line is wider than 100 columns
fits() {
    local wide
    wide=$(LC_ALL=C.UTF-8 awk 'length($0) > 100' "$1")
    [ -z "$wide" ] || fail "wider than 100 columns: $wide"
}

# Any attempt to start MPI fails from here on: the library finds no way to talk.
forbid_mpi() {
    export OMPI_MCA_pml=none_such OMPI_MCA_btl=none_such OMPI_MCA_mtl=none_such
}

# What mpirun reports of a rank that SIGKILL ended: Open MPI adds 128 to the signal as a shell does, MPICH does not.
killed_rank() {
    if mpirun --version 2>&1 | grep -q HYDRA; then echo 9; else echo 137; fi
}

ranks() { # ranks N COMMAND...
    local n=$1
    shift
    mpirun -n "$n" "$@"
}
