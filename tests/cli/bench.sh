#!/usr/bin/env bash
# bench: what is timed has been verified; the table fits, the JSON names every row.
. "$2/tests/support/cli.sh"
expect 0 "$synvid" bench generate --seconds 0.02 --json
[ "$(grep -c '"verified": *true' out)" -ge 8 ] || fail "not every row is verified"
expect 0 "$synvid" bench textures --seconds 0.01
says out "stylegan-oriented"
fits out
expect 0 "$synvid" bench generate --seconds 0.02 --threads 2
says out "speedup"
fits out
expect 0 "$synvid" bench textures --seconds 0.01 --threads 2 --json
[ "$(grep -c threads_speedup out)" -eq 3 ] || fail "not every row with threads"
expect 2 "$synvid" bench generate --threads 0
expect 2 "$synvid" bench genrate
once 'did you mean "generate"?'
expect 2 "$synvid" bench generate --seconds -1

mkdir disk
expect 0 "$synvid" bench shards --seconds 0.01 --videos 1 --folder disk
for kind in raw deflate mpeg4 encoded; do says out "read random clips, $kind shards"; done
says out "read random clips, latent accelerating-shapes"
fits out
[ -z "$(ls disk)" ] || fail "bench shards left $(ls disk)"
expect 0 ranks 2 "$synvid" bench shards --seconds 0.01 --videos 1 --folder disk --json
[ "$(grep -c '"verified": *true' out)" -eq 8 ] || fail "not every row once"
expect 4 "$synvid" bench shards --folder absent
once absent
expect 2 "$synvid" bench shards --videos 0

expect 0 ranks 2 "$synvid" bench exchange --seconds 0.01 --parameters 0.3 --json
[ "$(grep -c '"verified": *true' out)" -eq 7 ] || fail "not every row once"
expect 0 ranks 3 "$synvid" bench exchange --seconds 0.01 --parameters 0.3
says out "reduce-scatter, messages, rank by rank"
says out "reduce-scatter, messages, in sections"
says out "all-gather, messages, 2 ranks"
says out "x bytes"
fits out
expect 2 "$synvid" bench exchange
once "two ranks"
expect 2 "$synvid" bench exchange --parameters 0
expect 2 "$synvid" bench exchange --leaves 0
expect 2 "$synvid" bench exchange --teams 1025

expect 0 "$synvid" bench features --seconds 0.01 --threads 2
says out "frames/s"
says out "clips/s"
fits out
expect 0 "$synvid" bench step --seconds 0.01 --only tiny
says out "tiny, fine-tuning"
fits out
expect 0 ranks 2 "$synvid" bench step --seconds 0.01 --only "tiny, mask" --json
[ "$(grep -c times_one_rank out)" -eq 2 ] || fail "not every row once"
expect 2 "$synvid" bench step --only ViT-Q
once 'contains "ViT-Q"'
