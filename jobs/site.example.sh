# shellcheck shell=bash
# Copy to jobs/site.sh and edit: the only file that knows your cluster. Every job script reads it.

# Modules or paths that make `synvid` and `mpirun`/`srun` available, for example:
#   module load gcc openmpi hdf5 ffmpeg openblas
#   export PATH=$HOME/opt/synvid/bin:$PATH

# How to start a many-rank command inside an allocation: "srun --mpi=pmix" or "mpirun".
# Open MPI's mpirun reads the allocation itself: give it neither -n nor a host file.
SYNVID_LAUNCH=${SYNVID_LAUNCH:-mpirun}

# One BLAS thread a rank thread, always; synvid sets its own threads from its binding.
export OPENBLAS_NUM_THREADS=1
