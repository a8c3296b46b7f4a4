#!/usr/bin/env bash
# A sweep in SLURM that is hurt in every way that clusters know: jobs warned of their time limit, a rank killed, a job
# canceled, a node that fails under its job, a node drained and resumed. It is submitted once, goes on by
# requeue and by its guard, and ends in the bytes of a sweep that nobody disturbed.
#   test_disturbed.sh SYNVID SOURCE_DIR [long]
# Short: SLURM's warning signal is sent by hand. Long (about ten minutes): every task is held up until it takes longer than
# its limit of one minute, SLURM warns by itself 10 to 40 seconds after the start, and every task must have been
# interrupted; the report, which takes seconds, is held up in its first life only and starts over.
# shellcheck source-path=SCRIPTDIR/../support
. "$2/tests/support/cli.sh"
# shellcheck source=tests/slurm/cluster.sh
. "$source/tests/slurm/cluster.sh"
# shellcheck source=tests/slurm/sweep.sh
. "$source/tests/slurm/sweep.sh"
if cluster_missing; then exit 77; fi
trap 'cluster_stop; rm -rf "$scratch"' EXIT
export OMPI_MCA_btl_vader_backing_directory=$scratch
form=${3:-short}
[ "$form" = long ] && CLUSTER_CPUS=8 || CLUSTER_CPUS=2
cluster_start "$scratch/cluster" || fail "the cluster did not start"
site_begin
if [ "$form" = long ]; then
    vars=(--var epochs=4 --var textures=160 --var shard_videos=1) patience=1500
    export SYNVID_MIN_MINUTES=1 SYNVID_MAX_MINUTES=1 SYNVID_WARNING_SECONDS=20 SYNVID_GUARD_RETURNS=20
    export SYNVID_JOBS=$scratch/jobs
    cp -r "$source/jobs" "$SYNVID_JOBS"
    mkdir slow
    cat >slow/gnuplot <<'SH'
#!/usr/bin/env bash
sleep 60
kill -0 "$PPID" && exec "$(PATH=${PATH#*:} command -v gnuplot)" "$@"
SH
    chmod +x slow/gnuplot
    cat >"$SYNVID_JOBS/site.sh" <<SH
case \${SLURM_JOB_NAME:-} in
    textures) export SYNVID_FAULT=textures.block:wait=13 ;;
    standin) export SYNVID_FAULT=generate.render:wait=4 ;;
    data) export SYNVID_FAULT=generate.render:wait=8 ;;
    pretrain) export SYNVID_FAULT=train.step:wait=5 ;;
    scratch | finetune) export SYNVID_FAULT=train.step:wait=9 ;;
    probe) export SYNVID_FAULT=forward.video:wait=1.1 ;;
    analyze) export SYNVID_FAULT=analyze.chunk:wait=8 ;;
    report) [ -e "$scratch/slowed" ] || PATH=$scratch/slow:\$PATH && touch "$scratch/slowed" ;;
esac
SH
else
    vars=(--var epochs=400) patience=200
fi
sweep=(smoke "${vars[@]}")
hurt=hurt-$$ # in command lines, so that our processes are told from others'

log() { printf '%4d s  %s\n' $SECONDS "$*"; }
watch() { "$synvid" sweep status "${sweep[@]}" --out "$hurt" >seen; }
job_of() { awk -v task="$1" '$2 == task && /running/ { getline; sub(/.*job /, ""); sub(/[:, ].*/, ""); print }' seen; }
# until_running TASK: waits until it runs and has begun to train; its job is left in $job, "" when it has finished before
until_running() {
    job=
    while [ $SECONDS -lt $patience ]; do
        watch
        job=$(job_of "$1")
        ! grep -q '"state": "finished"' "$hurt/sweep/$1.json" 2>/dev/null || { job=; return; }
        if [ -n "$job" ] && [ -n "$(find "$hurt/runs" -path "*/${1#pretrain-}-*/curves.jsonl" -size +0 2>/dev/null)" ]; then return; fi
        sleep 0.3
    done
    cat seen
    fail "$1 does not run"
}

give_up() {
    cat seen
    squeue
    tail -n 5 "$hurt"/sweep/slurm/*.log
    fail "$@"
}

node_is_back() { # it may have returned by itself: its slurmd goes on reporting
    sinfo -h -n "$1" -o %t | grep -qE '^(idle|mix|alloc|comp)$' || scontrol update nodename="$1" state=resume
}

# Undisturbed, here.
expect 0 env -u SYNVID_LAUNCH -u SYNVID_JOBS "$synvid" sweep run "${sweep[@]}" --all --out calm
results calm >calm.results
log "the undisturbed sweep is done"

began=$SECONDS
expect 0 "$synvid" sweep slurm "${sweep[@]}" --out "$hurt" --submit

# A rank is killed.
until_running pretrain-static-circles
[ -n "$job" ] || fail "pre-training ended before it could be hurt; raise epochs"
mapfile -t ranks < <(pgrep -f "synvid pretrain .*static-circles .*$hurt/runs" || true)
kill -KILL "${ranks[0]}"
log "job $job: rank with process ${ranks[0]} killed"

# A job is warned that its time is up.
until_running pretrain-moving-circles
if [ -n "$job" ]; then
    scancel --batch --signal=USR1 "$job"
    log "job $job: warned"
fi

# A node fails under its job, and comes back.
until_running pretrain-static-circles
if [ -n "$job" ]; then
    scontrol update nodename=n2 state=down reason=test
    log "job $job: node n2 is down"
    within 30 node_is_back n2 || { sinfo -N -l; fail "node n2 does not come back"; }
fi

# A node is drained and resumed.
scontrol update nodename=n1 state=drain reason=test
log "node n1 is drained"
sleep 5
scontrol update nodename=n1 state=resume
log "node n1 is resumed"

# A job is canceled: what needs it leaves the queue with it, and the guard brings them back.
until_running pretrain-accelerating-textures
if [ -n "$job" ]; then
    scancel "$job"
    log "job $job: canceled"
fi

# Nobody does anything any more.
while :; do
    watch
    [ "$(count finished)" -lt 18 ] || break
    [ $SECONDS -lt $patience ] || give_up "the sweep takes too long"
    [ -n "$(squeue -h)" ] || give_up "the queue is empty before the sweep is finished"
    sleep 1
done
[ -s "$hurt/report/index.html" ] || fail "no report"
lives=$(cat "$hurt"/sweep/slurm/*.log | grep -cE 'life [1-9]' || true)
log "the disturbed sweep is done in $((SECONDS - began)) s: $lives lives after a requeue"
[ "$lives" -ge 2 ] || { cat "$hurt"/sweep/slurm/*.log; fail "no job was put back into the queue"; }
grep -q "guarded by job" "$hurt/sweep/slurm/guard.log" || give_up "the guard left no guard behind"
grep -qE "[1-9][0-9]* lost tasks? comes? back" "$hurt/sweep/slurm/guard.log" || give_up "the guard brought nothing back"
grep -qh "ended by signal" "$hurt"/sweep/slurm/*.log || fail "no task noticed that its rank was killed"
if [ "$form" = long ]; then
    while read -r task; do
        begun=$(cat "$hurt"/sweep/slurm/*.log | grep -c " $task: job " || true)
        stopped=$(grep -cE "error: .*(stopped|SIGUSR1)" "$hurt/sweep/$task.log" || true)
        log "$task: $begun lives, $stopped stops"
        [ "$begun" -ge 2 ] || give_up "$task was never interrupted"
        [ "$task" = report ] || [ "$stopped" -ge 1 ] || give_up "$task was never stopped with something kept"
    done < <("$synvid" sweep list "${sweep[@]}" --out "$hurt" | awk '$1 ~ /^[0-9]+$/ { print $2 }')
fi
results "$hurt" >hurt.results
diff calm.results hurt.results || fail "other bytes than in the undisturbed sweep"
log "all $(wc -l <hurt.results) files are equal"
