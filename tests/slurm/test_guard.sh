#!/usr/bin/env bash
# The guard of a sweep: a canceled task comes back by itself, but not for ever; a canceled sweep stays
# away and goes on when it is submitted again; submitting what is in the queue adds neither a task nor a second guard.
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
export SYNVID_GUARD_RETURNS=1

cat >g.json <<'JSON'
{"name": "g", "tasks": [
  {"task": "train-{i}", "for": {"i": [0, 1]},
   "run": ["pretrain", "--config", "smoke", "--variant", "static-circles", "--seed", "{i}", "--name", "r{i}", "--threads", "1",
           "--epochs", "100000", "--out", "{out}/runs"]},
  {"task": "end", "needs": ["train-*"], "run": ["variants"]}]}
JSON
guard_log=g/sweep/slurm/guard.log
seen() { "$synvid" sweep status g.json >seen || fail "status ends with an error"; }
queue_empty() { [ -z "$(squeue -h)" ]; }
guards() { squeue -h -n guard | wc -l; }
trains() { # trains I: its job runs and has written a point
    seen
    grep -qE " train-$1 .* running" seen && [ -s "$(echo g/runs/r"$1"-*/curves.jsonl)" ]
}
# went_on I N: for the N-th time its training began from a checkpoint. The points of an earlier life do not tell that: they are
# there as soon as the job is.
went_on() { trains "$1" && [ "$(grep -c "going on from the checkpoint" "g/sweep/train-$1.log")" -ge "$2" ]; }
job_of() { grep -A 1 -E " train-$1 .* running" seen | sed -nE 's/.*job ([0-9_]+).*/\1/p'; }
said() { grep -qE -e "$1" "$guard_log"; }
await() { # await SECONDS WHAT COMMAND...
    local seconds=$1 what=$2
    shift 2
    within "$seconds" "$@" || { cat seen "$guard_log"; squeue; fail "$what"; }
}

expect 0 "$synvid" sweep slurm g.json --submit
says out "guarded by job"
await 60 "both tasks train" trains 0
await 60 "both tasks train" trains 1
says seen "guard: job"
expect 0 "$synvid" sweep slurm g.json --submit
says err "nothing to submit"
[ "$(guards)" -eq 1 ] || { squeue; fail "not one guard"; }

# The whole sweep is canceled: running tasks write a checkpoint, nothing comes back.
expect 0 "$synvid" sweep slurm g.json --cancel
says err "3 tasks canceled, and their guard"
await 60 "the canceled sweep leaves the queue" queue_empty
sleep 3
queue_empty || { squeue; fail "a canceled sweep came back"; }
seen
[ "$(grep -c stopped seen)" -ge 2 ] || { cat seen; fail "the canceled tasks are not stopped"; }
[ ! -e "$guard_log" ] || { cat "$guard_log"; fail "the guard did something"; }
grep -q "back into the queue" g/sweep/slurm/train-*.log && fail "a canceled task requeued itself"

# Submitted again it goes on from there. One task is canceled: it comes back.
expect 0 "$synvid" sweep slurm g.json --submit
await 60 "the tasks go on" went_on 0 1
await 60 "the tasks go on" went_on 1 1
first=$(job_of 0)
scancel "$first"
await 60 "the guard brings the canceled task back" said "1 lost task comes back"
await 60 "the canceled task goes on from its checkpoint" went_on 0 2
[ "$(job_of 0)" != "$first" ] || fail "the canceled job runs on"
[ "$(guards)" -eq 1 ] || { squeue; fail "not one guard"; }

# More often than SYNVID_GUARD_RETURNS it does not come back; the other goes on.
scancel "$(job_of 0)"
await 60 "the guard gives a task up" said "train-0 was lost again after 1 returns"
seen
grep -qE "train-1 .* running" seen || { cat seen; fail "the other task does not go on"; }

# And when nothing is left the guard ends with what is missing.
for life in 1 2; do
    await 60 "the other task goes on, life $life" went_on 1 "$life"
    last=$(job_of 1)
    scancel "$last"
    gone() { seen; [ "$(job_of 1)" != "$last" ]; }
    await 60 "the other task is canceled" gone
done
await 60 "the guard ends" queue_empty
said "the guard gives up: 0 of 3 tasks are finished, 0 failed, [23] were lost too often" || { cat "$guard_log"; fail "the guard does not say why it ends"; }
