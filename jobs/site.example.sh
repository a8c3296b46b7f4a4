# shellcheck shell=bash
# Copy to jobs/site.sh and edit: the only file that knows your cluster. Every job script reads it.

# Modules or paths that make `synvid` and `mpirun`/`srun` available, for example:
#   module load gcc openmpi hdf5 ffmpeg openblas
#   export PATH=$HOME/opt/synvid/bin:$PATH

# How to start a many-rank command inside an allocation. `-n RANKS` is added.
#   srun --mpi=pmix --kill-on-bad-exit=1     where SLURM has PMIx (srun --mpi=list)
#   srun --mpi=pmi2                           MPICH, Intel MPI, Cray MPICH (or plain srun)
#   mpiexec                                  MPICH's Hydra reads the allocation itself
#   mpirun --bind-to core                    Open MPI reads the allocation itself
export SYNVID_LAUNCH=${SYNVID_LAUNCH:-mpirun}

# What every sbatch of a sweep gets besides its size: partition, account, quality of service.
#   SYNVID_SBATCH="--partition=cpu --account=myproject"
SYNVID_SBATCH=${SYNVID_SBATCH:-}

# At most so many tasks of an array at once; empty: no limit.
SYNVID_ARRAY_LIMIT=${SYNVID_ARRAY_LIMIT:-}

# Time limits: what the partition allows and the least worth asking for, in minutes; how long before the end SLURM warns
# (a checkpoint must fit into it, and SLURM's clock is a minute coarse); what a core computes (synvid bench step).
SYNVID_MAX_MINUTES=${SYNVID_MAX_MINUTES:-1440}
SYNVID_MIN_MINUTES=${SYNVID_MIN_MINUTES:-15}
SYNVID_WARNING_SECONDS=${SYNVID_WARNING_SECONDS:-180}
SYNVID_CORE_GFLOPS=${SYNVID_CORE_GFLOPS:-50}

# How often a job may put itself back into the queue.
SYNVID_MAX_LIVES=${SYNVID_MAX_LIVES:-200}

# The guard of a sweep brings back what was lost from the queue (docs/slurm.md): `no` for none; how many minutes pass at
# least between two looks; how often it submits one task.
SYNVID_GUARD=${SYNVID_GUARD:-yes}
SYNVID_GUARD_MINUTES=${SYNVID_GUARD_MINUTES:-10}
export SYNVID_GUARD_RETURNS=${SYNVID_GUARD_RETURNS:-5}

# A command to run after every task of a sweep (docs/sweeps.md says what it finds in its environment), for example:
#   export SYNVID_HOOK='[ "$SYNVID_STAGE_LEFT" != 0 ] || mail -s "$SYNVID_SWEEP: $SYNVID_STAGE done" me@example.org </dev/null'

# One BLAS thread a rank thread, always; synvid sets its own threads from its binding.
export OPENBLAS_NUM_THREADS=1
