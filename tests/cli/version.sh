#!/usr/bin/env bash
# --version names the compiler and every library, starts nothing, and is said once under a launcher.
. "$2/tests/support/cli.sh"

expect 0 ranks 2 "$synvid" --version
[ "$(grep -c '^synvid ' out)" -eq 1 ] || fail "under a launcher the version is said more than once"

forbid_mpi
expect 0 "$synvid" --version
fits out
grep -qE '^synvid [0-9]+\.[0-9]+\.[0-9]+$' out || fail "no version in the first line"
for part in compiler build kernels MPI HDF5 libzip FFmpeg BLAS FFTW cJSON xxHash; do
    grep -qE "^  $part +[^ ]" out || fail "--version does not tell $part"
done
grep -qE '^  HDF5 .*parallel' out || fail "--version does not say that HDF5 is parallel"

# One set of inner loops for a whole cluster: any that the processor has; another is an error of every command.
expect 0 env SYNVID_KERNELS=base "$synvid" --version
grep -qE '^  kernels +base, as SYNVID_KERNELS asks$' out || fail "--version does not tell the kernels that are asked for"
expect 2 env SYNVID_KERNELS=fast "$synvid" variants
says err 'SYNVID_KERNELS is "fast"; this processor runs base'
