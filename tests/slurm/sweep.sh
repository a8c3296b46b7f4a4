# shellcheck shell=bash
# slurm/sweep.sh - what the tests of sweeps in SLURM share; source it after support/cli.sh and slurm/cluster.sh.

: "${synvid:?}"

# Times and limits of a cluster that lives for a test; multi-rank commands by srun where SLURM speaks PMIx.
site_begin() {
    PATH=$(dirname "$synvid"):$PATH
    export PATH SYNVID_MIN_MINUTES=5 SYNVID_GUARD_MINUTES=0 OMP_WAIT_POLICY=passive OMPI_MCA_mpi_yield_when_idle=1
    if srun --mpi=list 2>&1 | grep -q pmix; then
        export SYNVID_LAUNCH="srun --mpi=pmix --kill-on-bad-exit=1"
    else
        export SYNVID_LAUNCH=mpirun
    fi
}

# status OUT [OPTIONS]: what `sweep status smoke` says, into the file seen
status() {
    "$synvid" sweep status smoke --out "$@" >seen || fail "status ends with an error"
}

# count STATE: how many tasks the last status counts in it
count() {
    tail -n 1 seen | grep -oE "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0
}

# results OUT: what a sweep made that is equal for equal sweeps: contents of datasets, pools and final checkpoints, curves,
# predictions, and results without the places they name
results() {
    local file
    while read -r file; do
        case $file in
            */ckpt/*) # an interrupted run keeps other checkpoints on the way; the last one counts
                [ "$1/$file" = "$(find "$1/${file%/*}" -name '*.h5' | sort | tail -n 1)" ] || continue
                ;;&
            *.h5) echo "$("$synvid" verify "$1/$file" | cut -d ' ' -f 1) $file" ;;
            *) echo "$(sed 's|"path": "[^"]*"||' "$1/$file" | md5sum | cut -d ' ' -f 1) $file" ;;
        esac
    done < <(cd "$1" && find runs data pools -type f \( -name result.json -o -name dataset.json -o -name curves.jsonl \
        -o -name predictions.csv -o -name '*.h5' \) | sort)
}
