#!/usr/bin/env bash
# Random disturbances of generate, pretrain, finetune and analyze, at random moments, on one rank and on two: SIGKILL and
# SIGTERM of a rank or of the launcher, and a disk that is suddenly full. After each one, every file under a final name is
# whole; the same command again succeeds and ends in the bytes of a run that was never disturbed.
#   kills.sh SYNVID SOURCE_DIR [COUNT] [SEED]
# A line a disturbance goes to stdout, a table at the end. 200 take about a quarter of an hour on two cores. Without SEED
# every run disturbs at other moments; the seed is printed first, and given again it repeats the choices.
# shellcheck source-path=SCRIPTDIR/../support
. "$2/tests/support/fault.sh"
# shellcheck source=../support/outcome.sh
. "$source/tests/support/outcome.sh"
count=${3:-200} seed=${4:-$((SRANDOM % 1000000))}
RANDOM=$seed

# A disk that can be filled: as root directly, otherwise in a namespace of our own.
mkdir disk
kinds=(KILL TERM FULL)
if [ -n "${SYNVID_KILLS_INSIDE:-}" ] || ! mount -t tmpfs -o size=160m tmpfs disk 2>/dev/null; then
    if [ -n "${SYNVID_KILLS_INSIDE:-}" ]; then
        mount -t tmpfs -o size=160m tmpfs disk || exit 77
    elif command -v unshare >/dev/null && unshare -rm true 2>/dev/null; then
        SYNVID_KILLS_INSIDE=1 exec unshare -rm bash "$0" "$synvid" "$source" "$count" "$seed"
    else
        kinds=(KILL TERM)
        echo "no file system of our own can be mounted here: disks stay as they are"
    fi
fi
echo "$count disturbances, seed $seed"
trap 'umount "$scratch/disk" 2>/dev/null; rm -rf "$scratch"' EXIT

# ---- the four stages, each about a second or two

model=(--set model.image_size=32 --set model.n_frames=8 --set model.patch_size=8 --set model.width=48
    --set model.depth=2 --set model.heads=3)
decoder=(--set model.decoder_width=32 --set model.decoder_depth=1 --set model.decoder_heads=2)
quiet=(--threads 1 --progress none)
training=(--batch 8 --set train.micro_batch=2 --set train.checkpoint_steps=10 "${quiet[@]}")

for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --split $split --size 48 --frames 16 --videos 64 \
        --shard-videos 4 "${quiet[@]}" --out in/$split
done
expect 0 "$synvid" pretrain --dataset in/train --name base "${model[@]}" "${decoder[@]}" "${training[@]}" --epochs 4 --out in
base=$(cat out)

stage_command() { # stage_command STAGE OUT: sets `command`
    case $1 in
        generate) command=(generate --variant accelerating-shapes --size 64 --frames 60 --videos 96 --shard-videos 4
            "${quiet[@]}" --out "$2/data") ;;
        pretrain) command=(pretrain --dataset in/train --name run "${model[@]}" "${decoder[@]}" "${training[@]}" --epochs 20
            --out "$2") ;;
        finetune) command=(finetune --train in/train --test in/test --checkpoint "$base" --name run "${model[@]}"
            "${training[@]}" --epochs 8 --set data.test_clips=1 --set data.test_crops=1 --out "$2") ;;
        analyze) command=(analyze --dataset in/test --reference in/train --encoder "$base" --name run --frames 1024
            --videos 64 --set frames_per_video=16 "${quiet[@]}" --out "$2") ;;
    esac
}
stages=(generate pretrain finetune analyze)

milliseconds() { date +%s%3N; }
pause_ms() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# How long each takes: the shorter of two times, so that most disturbances come before the end.
declare -A duration reference
for stage in "${stages[@]}"; do
    reference[$stage]=$scratch/reference/$stage
    for ranks in 2 1 2 1; do
        rm -rf "${reference[$stage]}"
        stage_command "$stage" "${reference[$stage]}"
        began=$(milliseconds)
        expect 0 run $ranks "$synvid" "${command[@]}"
        took=$(($(milliseconds) - began)) before=${duration[$stage$ranks]:-1000000}
        duration[$stage$ranks]=$((took < before ? took : before))
    done
    contents "${reference[$stage]}" >"$scratch/$stage.contents"
done

# ---- one disturbance

# start RANKS: the command in the background; $main is its process, $victims are the ranks and the launcher
start() {
    if [ "$1" -eq 1 ]; then
        "$synvid" "${command[@]}" >out 2>err &
    else
        mpirun -n "$1" "$synvid" "${command[@]}" >out 2>err &
    fi
    main=$!
}

gone() { # gone PID...: waits until none of them runs
    local pid tries=0
    for pid in "$@"; do
        while kill -0 "$pid" 2>/dev/null; do
            pause_ms 50
            tries=$((tries + 1))
            [ "$tries" -lt 600 ] || fail "process $pid outlives its end by half a minute"
        done
    done
}

declare -A seen
tally() { seen[$1]=$((${seen[$1]:-0} + 1)); }

disturb() { # disturb NUMBER
    local stage=${stages[RANDOM % ${#stages[@]}]} kind=${kinds[RANDOM % ${#kinds[@]}]} ranks=$((RANDOM % 2 + 1))
    local moment=$(((RANDOM * 32768 + RANDOM) % (duration[$stage$ranks] * 9 / 10))) choice=$RANDOM code=0 target='' pids=() what
    stage_command "$stage" disk/work
    while :; do # a moment that comes after the end, because the machine is faster than it was, does not count
        rm -rf disk/* && mkdir disk/work
        start $ranks
        pause_ms "$moment"
        ! kill -0 "$main" 2>/dev/null || break
        wait "$main" || fail "$stage ended with an error before it was disturbed"
        moment=$((moment * 2 / 3))
    done
    mapfile -t pids < <(pgrep -P "$main" || true)
    what="disk full"
    case $kind in
        FULL) head -c 200M /dev/zero >disk/filler 2>/dev/null || true ;;
        *)
            target=$main what="SIG$kind"
            if [ $ranks -gt 1 ]; then
                what="SIG$kind of the launcher"
                if [ $((choice % 3)) -gt 0 ] && [ ${#pids[@]} -gt 0 ]; then
                    target=${pids[choice % ${#pids[@]}]} what="SIG$kind of a rank"
                fi
            fi
            kill -"$kind" "$target" 2>/dev/null || true
            ;;
    esac
    # As batch systems do: who has not ended half a minute after SIGTERM (a launcher that was still starting) is killed.
    local tries=0
    {
        while kill -0 "$main" 2>/dev/null; do
            pause_ms 50
            tries=$((tries + 1))
            [ "$tries" -ne 600 ] || kill -KILL "$main" 2>/dev/null || true
        done
        wait "$main" || code=$?
    } 2>/dev/null
    gone "${pids[@]}"
    rm -f disk/filler
    [ -d disk/work ] || fail "the folder of the run is gone"
    local left partial
    left=$(find disk/work -type f ! -name '*.partial' | wc -l) partial=$(find disk/work -name '*.partial' | wc -l)
    whole_so_far disk/work "${reference[$stage]}"
    if [ "$kind" = FULL ]; then
        [ $code -eq 4 ] || [ $code -eq 0 ] || { cat err; fail "$stage on a full disk: exit code $code instead of 4"; }
    fi
    local again=0
    run $((RANDOM % 2 + 1)) "$synvid" "${command[@]}" >out 2>err || again=$?
    [ $again -eq 0 ] || { cat err; fail "$stage after $what at $moment ms: the same command again ends with $again"; }
    contents disk/work | cmp -s - "$scratch/$stage.contents" || {
        contents disk/work | diff - "$scratch/$stage.contents" || true
        fail "$stage after $what at $moment ms ends in other bytes than an undisturbed run"
    }
    [ -z "$(find disk/work -name '*.partial')" ] || fail "partial files are left"
    tally "$stage $kind"
    tally "exit $kind $code"
    [ $code -eq 0 ] || tally "hit $stage"
    printf '%4d  %-8s %d rank%s  %-23s at %5d of %5d ms: exit %3d, %2d files whole, %d partial; again: equal\n' "$1" \
        "$stage" $ranks "$([ $ranks -eq 1 ] && echo ' ' || echo s)" "$what" "$moment" "${duration[$stage$ranks]}" $code \
        "$left" "$partial"
}

for ((number = 1; number <= count; number++)); do disturb "$number"; done

echo
echo "$count disturbances, seed $seed: nothing corrupt under a final name, every rerun equal"
printf '%-10s %8s %8s %9s %s\n' stage SIGKILL SIGTERM "disk full" "ended early"
for stage in "${stages[@]}"; do
    printf '%-10s %8d %8d %9d %11d\n' "$stage" "${seen[$stage KILL]:-0}" "${seen[$stage TERM]:-0}" \
        "${seen[$stage FULL]:-0}" "${seen[hit $stage]:-0}"
done
for key in "${!seen[@]}"; do
    case $key in exit*) printf '%s: %d\n' "$key" "${seen[$key]}" ;; esac
done | sort
