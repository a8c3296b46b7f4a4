#!/usr/bin/env bash
# The smoke sweep in a real SLURM of two virtual nodes: submitted with one command as arrays with dependencies, it ends
# with the report, `sweep status` is right on the way, and submitting it again starts nothing. The same sweep by srun, by
# mpirun in jobs, and by `sweep run --parallel 2` here gives the same bytes.
# shellcheck source-path=SCRIPTDIR/../support
. "$2/tests/support/cli.sh"
# shellcheck source=tests/slurm/cluster.sh
. "$source/tests/slurm/cluster.sh"
# shellcheck source=tests/slurm/sweep.sh
. "$source/tests/slurm/sweep.sh"
if cluster_missing; then exit 77; fi
trap 'cluster_stop; rm -rf "$scratch"' EXIT
CLUSTER_CPUS=2 cluster_start "$scratch/cluster" || fail "the cluster did not start"
site_begin
export SYNVID_SBATCH='--partition=test' SYNVID_ARRAY_LIMIT=2

# One command. Everything waits or runs; nothing is lost.
expect 0 "$synvid" sweep slurm smoke --out one --submit
says out "submitted pretrain ["
says out "after aftercorr:"
status one
[ $(($(count "to do") + $(count failed) + $(count blocked))) -eq 0 ] || { cat seen; fail "tasks that are neither queued nor running nor finished"; }
[ $(($(count queued) + $(count running) + $(count finished))) -eq 18 ] || { cat seen; fail "not 18 tasks in the queue"; }
expect 0 "$synvid" sweep slurm smoke --out one --submit
says err "nothing to submit"

# On the way, the numbers add up and only grow.
before=0
until [ "$(count finished)" -eq 18 ]; do
    status one
    [ "$(count finished)" -ge "$before" ] || fail "fewer tasks are finished than before"
    [ $(($(count failed) + $(count blocked) + $(count stopped) + $(count "to do"))) -eq 0 ] || { cat seen; fail "a task is lost"; }
    before=$(count finished)
    [ $SECONDS -lt 240 ] || { cat seen; squeue; fail "the sweep takes too long"; }
    sleep 1
done
[ -s one/report/index.html ] || fail "no report"

grep -q "on n\[1-2\]" one/sweep/slurm/pretrain-*.log || fail "pre-training did not run on two nodes"

# Resubmitting a finished sweep starts nothing.
expect 0 "$synvid" sweep slurm smoke --out one --submit
says err "nothing to submit"
[ -z "$(squeue -h)" ] || fail "something was submitted"
results one >one.results

# The same on this machine, two tasks at once, and one after the other.
expect 0 env -u SYNVID_LAUNCH "$synvid" sweep run smoke --all --parallel 2 --out two
results two >two.results
diff one.results two.results || fail "another result without SLURM"
expect 0 "$synvid" sweep run smoke --all --parallel 1 --ranks 1 --out three
results three >three.results
diff one.results three.results || fail "another result on one rank"

# A task that fails holds back what needs it and nothing else; its message is in the status; mended, it goes on.
expect 0 "$synvid" sweep slurm smoke --out bad --var epochs=0 --submit
until [ -z "$(squeue -h)" ]; do sleep 1; [ $SECONDS -lt 280 ] || fail "the failing sweep takes too long"; done
status bad --var epochs=0
[ "$(count failed)" -eq 3 ] || { cat seen; fail "not 3 failed tasks"; }
[ "$(count blocked)" -eq 7 ] || { cat seen; fail "not 7 blocked tasks"; }
[ "$(count finished)" -eq 8 ] || { cat seen; fail "not 8 finished tasks"; }
grep -q "epochs: 0 is outside" seen || { cat seen; fail "the message of the failed task is missing"; }
grep -q "log: bad/sweep/pretrain-static-circles.log" seen || { cat seen; fail "the log of the failed task is missing"; }
grep -q "the guard gives up: 8 of 18 tasks are finished, 3 failed" bad/sweep/slurm/guard.log ||
    { cat bad/sweep/slurm/guard.log; fail "the guard does not say why it ends"; }
! grep -qE "[1-9][0-9]* lost tasks? comes? back" bad/sweep/slurm/guard.log || fail "the guard submitted something that waits for what failed"
grep -q "all 18 tasks are finished" one/sweep/slurm/guard.log || { cat one/sweep/slurm/guard.log; fail "the guard does not say that all is done"; }
expect 0 "$synvid" sweep slurm smoke --out bad
[ "$(grep -c "^submit " "$(cat out)")" -eq 4 ] || { cat "$(cat out)"; fail "more is submitted than what is missing"; }
