#!/usr/bin/env bash
# The job scripts by hand, as their comments say: one command with mpirun on two nodes, warned before its time limit, put
# back into the queue, finished; tasks of a sweep by number.
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
cp -r "$source/jobs" .
ended() { [ -z "$(squeue -h)" ]; }

train=(pretrain --config smoke --variant static-circles --threads 1 --epochs 400 --progress none)
expect 0 "$synvid" "${train[@]}" --out calm
calm=$(cat out)

export SYNVID_LAUNCH=mpirun
job=$(sbatch --parsable -N 2 -n 2 --time=5 jobs/stage.sbatch "${train[@]}" --out hurt) || fail "sbatch refused the job"
trained() { [ -s "$(echo hurt/static-circles-*/curves.jsonl)" ]; }
within 60 trained || { cat synvid-*.log; fail "nothing is trained"; }
scancel --batch --signal=USR1 "$job"
within 120 ended || { squeue; fail "the job does not end"; }
grep -q "stopped with a checkpoint: back into the queue" synvid-*.log || { cat synvid-*.log; fail "the job was not put back"; }
grep -q "going on from the checkpoint of step" synvid-*.log || { cat synvid-*.log; fail "the job did not go on"; }
grep -q "2 ranks x 1 thread" synvid-*.log || { cat synvid-*.log; fail "not on two ranks"; }
cmp "$calm/curves.jsonl" hurt/static-circles-*/curves.jsonl || fail "other curves than in an undisturbed run"
sed -i 's|"path": "[^"]*"||' "$calm/result.json" hurt/static-circles-*/result.json
cmp "$calm/result.json" hurt/static-circles-*/result.json || fail "another result than that of an undisturbed run"

# Tasks of a sweep by number; one whose needs are not finished ends at once and says so.
by_hand() { # by_hand INDICES
    expect 0 sbatch --parsable --array="$1" -n 2 --output=by-hand-%a.log jobs/task.sbatch smoke --out s
    within 60 ended || fail "the tasks do not end"
}
by_hand 5
grep -q "pretrain-accelerating-textures needs textures" by-hand-5.log || { cat by-hand-5.log; fail "the task says nothing of its need"; }
by_hand 0-1
status s
[ "$(count finished)" -eq 2 ] || { cat seen by-hand-*.log; fail "not two finished tasks"; }
