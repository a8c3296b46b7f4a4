#!/usr/bin/env bash
# What `sweep status` makes of the answers of squeue and sacct, by stand-ins for both: waiting, running and lost jobs, sites
# without accounting, machines without SLURM.
. "$2/tests/support/cli.sh"
cat >s.json <<'JSON'
{"name": "s", "tasks": [{"task": "a-{i}", "for": {"i": [0, 1, 2, 3, 4, 5]}, "run": ["variants"]},
                        {"task": "end", "needs": ["a-*"], "run": ["variants"]}]}
JSON
mkdir -p s/sweep/slurm/0001 bin
for i in 0 1 2 3 4 5; do echo "$i a-$i"; done >s/sweep/slurm/0001/1-a.tasks
echo "6 end" >s/sweep/slurm/0001/2-end.tasks
printf '%s\n' "17 a user s/sweep/slurm/0001/1-a.tasks" "18 end user s/sweep/slurm/0001/2-end.tasks" >s/sweep/slurm/jobs.txt
date >s/sweep/slurm/0001/submitted
cat >bin/squeue <<'SH'
#!/bin/sh
echo '17|0|PENDING|Resources|'
echo '17|1|RUNNING|None|n[1-2]'
echo '17|2|PENDING|BeginTime|'
echo '17|3|COMPLETED|None|n1'
echo '18|6|PENDING|DependencyNeverSatisfied|'
SH
cat >bin/sacct <<'SH'
#!/bin/sh
case "$*" in *17_4*) echo 'NODE_FAIL' ;; *17_5*) echo 'CANCELLED by 0' ;; esac
SH
chmod +x bin/*
shows() { # shows TASK STATE TEXT: the task's line and its remark
    grep -A 1 -E " $1 .* $2 " out | grep -qF -e "$3" || { cat out; fail "$1 is not $2: $3"; }
}

expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep status s.json
shows a-0 queued "job 17_0 waits for free nodes"
shows a-1 running "on n[1-2], job 17_1"
shows a-2 queued "job 17_2 starts again soon"
shows a-4 "to do" "job 17_4 left the queue as NODE_FAIL"
shows a-5 "to do" "job 17_5 left the queue as CANCELLED by 0"
says out "7 tasks: 4 to do 1 running 2 queued"

# Without accounting it is said that nothing is known; what waits or runs is not submitted again, what is stuck is.
printf '#!/bin/sh\necho "Slurm accounting storage is disabled" >&2\nexit 1\n' >bin/sacct
expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep status s.json
shows a-4 "to do" "job 17_4 left the queue without a word"
expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep slurm s.json
script=$(cat out)
grep -q '^submit a --array 3-5 ' "$script" || { cat "$script"; fail "not the lost tasks of stage a"; }
# shellcheck disable=SC2016  # as it stands in the script
grep -qF 'afterok:17_0:17_1:17_2:$job_1' "$script" || { cat "$script"; fail "the last task does not wait for those in the queue"; }

# The guard submits what was lost: nothing that waits or runs, nor anything more often than allowed, nor without an answer
# of squeue. A stuck task is lost, one that is not known to the queue any more is.
guard() { env PATH="$scratch/bin:$PATH" SYNVID_GUARD_RETURNS="$1" "$synvid" sweep slurm s.json --guard; }
expect 0 guard 1
says err "4 lost tasks come back"
script=$(cat out)
grep -q '^submit a --array 3-5 ' "$script" || { cat "$script"; fail "not the lost tasks of stage a"; }
grep -qF 'by=guard' "$script" || { cat "$script"; fail "the script does not say who submits"; }
# shellcheck disable=SC2016  # as it stands in the script
grep -qF 'guard "afterany:17_0?afterany:17_1?afterany:17_2?afterany:${job_1}_3?' "$script" ||
    { cat "$script"; fail "the next guard does not wait for what is in the queue"; }
cp s/sweep/slurm/jobs.txt before.txt
printf '3 a-3\n' >s/sweep/slurm/0001/again.tasks
echo "16 a guard s/sweep/slurm/0001/again.tasks" >>s/sweep/slurm/jobs.txt
expect 0 guard 1
says err "a-3 was lost again after 1 returns: job 16_3 left the queue"
says err "2 lost tasks come back"
expect 0 guard 2
says err "4 lost tasks come back"
mv bin/squeue bin/away
expect 4 guard 2
says err "squeue does not answer"
mv bin/away bin/squeue
mv before.txt s/sweep/slurm/jobs.txt

# A record that says "running" on another machine is believed, until the queue knows that its job is gone.
for job in 17_1 99_9; do
    printf '{"state": "running", "host": "elsewhere", "pid": 1, "job": "%s"}\n' $job >s/sweep/a-1.json
    expect 0 "$synvid" sweep status s.json
    shows a-1 running "on elsewhere, job $job"
done
printf '#!/bin/sh\nexit 0\n' >bin/squeue
expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep status s.json
shows a-1 stopped "job 99_9 left the queue without a word"
expect 2 "$synvid" sweep run s.json
says err "a-1 is being run by process 1 on elsewhere, job 99_9"
expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep run s.json
says err "end: finished"

# A task that ends while the queue is asked has said so in its record, which was read before: it is finished, not lost.
cp s/sweep/a-1.json ended.json
printf '{"state": "running", "host": "elsewhere", "pid": 1, "job": "17_1"}\n' >s/sweep/a-1.json
printf '#!/bin/sh\ncp ended.json s/sweep/a-1.json\n' >bin/squeue
expect 0 env PATH="$scratch/bin:$PATH" "$synvid" sweep status s.json
says out "7 tasks: 7 finished"
