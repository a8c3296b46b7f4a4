#!/usr/bin/env bash
# A whole sweep twice: undisturbed on one rank a task, and with ranks killed at random moments on another number of
# ranks. Every table, every figure's data, every prediction, curve and result must be the same, byte for byte.
#   sweep_twice.sh SYNVID SOURCE_DIR [SWEEP [MEAN_SECONDS [SEED [OPTION...]]]]
# SWEEP (default: smoke) is a sweep or its file, MEAN_SECONDS (1) the mean time between two kills, OPTIONs go to both
# `synvid sweep run`. RANKS=N (2) is the other number of ranks, KILLS=N a largest number of kills. With WORK=DIR the two
# sweeps stay in DIR/undisturbed/sweep and DIR/disturbed/sweep, and what is finished there is not run again: a sweep of
# hours may be stopped and goes on with the same command,
#   WORK=twice sweep_twice.sh build/release/synvid . reduced 120 1 --var media=$PWD/media
# shellcheck source-path=SCRIPTDIR/../support
start=$PWD
. "$2/tests/support/fault.sh"
sweep=${3:-smoke} mean=${4:-1} seed=${5:-1} ranks=${RANKS:-2}
most=${KILLS:-1000000} options=("${@:6}")
RANDOM=$seed
if [ -n "${WORK:-}" ]; then
    cd "$start"
    mkdir -p "$WORK"
    cd "$WORK"
fi

# The same paths in both: DIR/<name>/sweep, run from DIR/<name>, so that what holds a path is comparable, too.
sweep_run() { # sweep_run NAME RANKS: in the background; $main is its process
    mkdir -p "$1"
    (cd "$1" && exec "$synvid" sweep run "$sweep" --out sweep --ranks "$2" "${options[@]}") >"$1.log" 2>&1 &
    main=$!
}

# ---- undisturbed

echo "undisturbed, one rank a task"
sweep_run undisturbed 1
wait "$main" || { tail -n 30 undisturbed.log; fail "the undisturbed sweep"; }

# ---- disturbed

descendants() { # descendants PID
    local pid
    for pid in $(pgrep -P "$1" || true); do
        echo "$pid"
        descendants "$pid"
    done
}

# A synvid process below the sweep: a rank, or a task without a launcher. Launchers notice and end the others.
pick_victim() {
    local pid victims=()
    for pid in $(descendants "$main"); do
        [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" != "$synvid" ] || victims+=("$pid")
    done
    [ ${#victims[@]} -gt 0 ] || return 1
    echo "${victims[RANDOM % ${#victims[@]}]}"
}

kills=0 starts=0
echo "disturbed, $ranks ranks a task, a kill every $mean s or so (seed $seed)"
while :; do
    starts=$((starts + 1))
    [ "$starts" -le 50 ] || { tail -n 30 disturbed.log; fail "the disturbed sweep does not get on"; }
    sweep_run disturbed "$ranks"
    while kill -0 "$main" 2>/dev/null; do
        # Uniform between none and twice the mean, in steps of a thousandth; none with a mean of 0.
        pause=$((mean * 2 * (RANDOM % 1000)))
        sleep "$((pause / 1000)).$(printf '%03d' $((pause % 1000)))"
        if [ "$mean" -eq 0 ] || [ $kills -ge "$most" ]; then sleep 0.2; continue; fi
        victim=$(pick_victim) || continue
        what=$({ tr '\0' ' ' <"/proc/$victim/cmdline"; } 2>/dev/null | cut -d ' ' -f 2-4) || continue
        kill -KILL "$victim" 2>/dev/null || continue
        kills=$((kills + 1))
        printf '%4d  SIGKILL %s (%s)\n' $kills "$victim" "$what"
    done
    # A task killed three times in a row has failed, and the sweep ends with an error: the same command goes on.
    if wait "$main"; then break; fi
done
echo "$kills kills, $starts starts of the sweep"
[ "$mean" -eq 0 ] || [ $kills -gt 0 ] || fail "nothing was killed: the sweep is too short for a kill every $mean s"

# ---- compared

# What a reader sees or computes with: tables, data of figures, curves, predictions, results. Not times and places.
outcome() { # outcome NAME: "digest path" of each file
    (
        cd "$1/sweep"
        find . -type f ! -path './sweep/*' ! -name '*.partial' \
            \( -path '*/tables/*' -o -name '*.dat' -o -name '*.csv' -o -name curves.jsonl -o -name result.json \) \
            -exec md5sum {} + | sort -k 2
    )
}
outcome undisturbed >undisturbed.outcome
outcome disturbed >disturbed.outcome
diff undisturbed.outcome disturbed.outcome || fail "the two sweeps have different outcomes (lines above)"
tables=$(grep -c '/tables/' undisturbed.outcome || true) results=$(grep -c '/result.json' undisturbed.outcome || true)
[ $((tables * results)) -gt 0 ] || fail "no tables or results to compare"
! find disturbed/sweep -name '*.partial' | grep . || fail "partial files are left"
echo "$(wc -l <undisturbed.outcome) files equal: $tables of tables, $results results"
