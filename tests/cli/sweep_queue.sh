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
printf '%s\n' "17 a s/sweep/slurm/0001/1-a.tasks" "18 end s/sweep/slurm/0001/2-end.tasks" >s/sweep/slurm/jobs.txt
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
