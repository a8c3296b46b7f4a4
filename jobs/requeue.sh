# shellcheck shell=bash
# Sourced by the job scripts: run a command so that SLURM's warning signal reaches it, and requeue on exit code 75.

# run_and_requeue COMMAND... - never returns. The command runs in the background because bash handles a signal only
# between commands; a trapped signal ends `wait` early, so it is repeated until the command has written its checkpoint.
# SIGTERM is the cluster's: the job is canceled, or SLURM puts it back itself. Then requeueing is not for us.
run_and_requeue() {
  local child code=0 latest signaled='' ended_by_cluster=''
  "$@" &
  child=$!
  trap 'signaled=yes; kill -USR1 "$child" 2> /dev/null' USR1
  trap 'signaled=yes; ended_by_cluster=yes; kill -TERM "$child" 2> /dev/null' TERM
  while :; do
    signaled=
    latest=0
    wait "$child" || latest=$?
    [ "$latest" = 127 ] || code=$latest # 127: asked twice for the same end
    [ -n "$signaled" ] || break
  done
  if [ "$code" = 75 ] && [ -n "${SLURM_JOB_ID:-}" ] && [ -z "$ended_by_cluster" ]; then
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "${SYNVID_MAX_LIVES:-200}" ]; then
      echo "stopped with a checkpoint: back into the queue"
      scontrol requeue "$SLURM_JOB_ID"
    else
      echo "stopped with a checkpoint, but life ${SLURM_RESTART_COUNT:-0} is the last: give it more time, or raise SYNVID_MAX_LIVES"
    fi
  fi
  exit "$code"
}
