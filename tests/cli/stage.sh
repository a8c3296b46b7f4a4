#!/usr/bin/env bash
# The frame of a many-rank command, on the example of generate: mistakes are told once whatever the number of ranks,
# dry runs and help start no MPI and write nothing, and the run says what it is.
. "$2/tests/support/cli.sh"

tiny=(generate --variant moving-circles --videos 3 --size 32 --frames 8)

# ---- one message, the right exit code, nothing left
mistake() { # mistake CODE TEXT OPTION...
    local code=$1 text=$2
    shift 2
    expect "$code" "${launcher[@]}" "$synvid" "${tiny[@]}" "$@"
    once "$text"
    [ ! -e out-dir ] || [ -z "$(ls out-dir)" ] || fail "something was written: $(ls out-dir)"
}
echo '{"videos": "many"}' >wrong.json
: >a-file
for n in 1 2; do
    launcher=(ranks "$n")
    [ "$n" -gt 1 ] || launcher=()
    mistake 2 'synvid generate: error: command line: videos: -1 is outside [' --out out-dir --videos -1
    mistake 2 'unknown option "--vidoes"; did you mean "--videos"?' --out out-dir --vidoes 3
    mistake 2 'wrong.json: videos: expected a whole number, found the text "many"' --out out-dir --config wrong.json
    mistake 4 'a-file: a file stands where a folder is needed' --out a-file
done
launcher=()
mistake 2 'unknown key "vidoes"; did you mean "videos"?' --out out-dir --set vidoes=3
mistake 2 'no configuration "moving-circels"' --out out-dir --variant moving-circels
mistake 2 '--out DIR is missing'
mistake 2 '--seed: -1 is negative' --out out-dir --seed -1
mistake 2 '--resume and --force exclude each other' --out out-dir --resume --force
mistake 2 '--progress: "fast" is none of' --out out-dir --progress fast
mistake 2 '--time-budget: "soon" is no duration' --out out-dir --time-budget soon
mistake 2 'unexpected argument "extra"' --out out-dir extra

# ---- options come from the table, in the right order
echo '{"videos": 2, "frames": 4}' >two.json
expect 0 "$synvid" generate --variant moving-circles --size 32 --config two.json --set frames=6 --out from-config
expect 0 "$synvid" inspect from-config
says out '2, 12 frames of 32 x 32'

# ---- dry runs and help
(
    forbid_mpi
    expect 0 ranks 2 "$synvid" "${tiny[@]}" --out dry --dry-run
    [ "$(grep -c 'moving-circles: 3 videos' out)" -eq 1 ] || fail "the dry run does not speak once"
    expect 0 ranks 2 "$synvid" generate --help
    [ "$(grep -c '^Usage:' out)" -eq 1 ] || fail "--help does not speak once"
    expect 0 "$synvid" "${tiny[@]}" --dry-run
)
[ ! -e dry ] || fail "a dry run wrote something"

# ---- what a run says
expect 0 ranks 2 "$synvid" "${tiny[@]}" --out said --seed 7 --threads 1
says err "synvid generate --variant moving-circles"
says err '2 ranks x 1 thread on'
says err 'seed 7, output in said'
says err 'next: synvid inspect said --sheet sheet.png'
expect 0 "$synvid" "${tiny[@]}" --out quiet --quiet
[ ! -s err ] || fail "--quiet is not quiet: $(cat err)"

# ---- a budget that is over before the work is
expect 75 "$synvid" generate --variant moving-circles --videos 400 --size 64 --shard-videos 1 --out budget \
    --time-budget 0.3s
once 'synvid generate: error:'
expect 3 "$synvid" verify budget
once 'budget: has no dataset.json'
