# shellcheck shell=bash
# Sourced by the job scripts: run a command so that SLURM's warning signal reaches it, and requeue on exit code 75.

# run_and_requeue COMMAND... - never returns. The command runs in the background because bash handles a signal only
# between commands; a trapped signal ends `wait` early, so it is repeated until the command has written its checkpoint.
run_and_requeue() {
  local child code=0
  "$@" &
  child=$!
  trap 'kill -USR1 "$child" 2> /dev/null' USR1
  wait "$child" || code=$?
  while kill -0 "$child" 2> /dev/null; do
    code=0
    wait "$child" || code=$?
  done
  if [ "$code" = 75 ] && [ -n "${SLURM_JOB_ID:-}" ]; then
    echo "stopped with a checkpoint: back into the queue"
    scontrol requeue "$SLURM_JOB_ID"
  fi
  exit "$code"
}
