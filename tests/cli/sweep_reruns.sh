#!/usr/bin/env bash
# A finished sweep starts nothing; a changed variant redoes its chain alone; a deleted result is made again alone; a killed
# sweep and a killed task go on; parts of a larger sweep share its folder; SLURM scripts hold what is missing.
. "$2/tests/support/cli.sh"
export OMPI_MCA_btl_vader_backing_directory=$scratch # killed ranks leave their segments behind
cp -r "$source/configs" .
sed -i 's/"ranks": 2/"ranks": 1/' configs/sweeps/smoke.json # quicker

started() { sed -n 's/.*\] \(.*\): started/\1/p' err | sort | xargs; }
sweep() { expect 0 "$synvid" sweep run smoke --out s "$@"; }

# A part of it first, by a file that extends it; the whole then does only the rest.
cat >configs/sweeps/part.json <<'JSON'
{"extends": "smoke.json", "name": "part", "only": [{"task": "probe-{v}", "for": {"v": ["static-circles"]}}], "tasks": []}
JSON
expect 0 "$synvid" sweep run part --out s
[ "$(started)" = "pretrain-static-circles probe-static-circles standin-test standin-train" ] || fail "the part started $(started)"
# shellcheck disable=SC2016  # for the shell of the hook
sweep --all --parallel 2 --hook 'echo "$SYNVID_TASK $SYNVID_STATE $SYNVID_STAGE_LEFT" >> hooked'
says err "18 tasks, 14 to do"
[ "$(wc -l <hooked)" -eq 14 ] || fail "the hook did not run once a task"
grep -q "^report finished 0$" hooked || fail "the hook was not told: $(cat hooked)"

sweep
says err "0 to do"
expect 0 "$synvid" sweep status smoke --out s
says out "smoke: 18 tasks: 18 finished"

# One variant's parameter.
sed -i 's/"length": \[100, 199\]/"length": [90, 199]/' configs/variants/accelerating-textures.json
sweep
[ "$(started)" = "finetune-accelerating-textures pretrain-accelerating-textures probe-accelerating-textures report" ] ||
    fail "a changed variant started $(started)"

# A setting of a file that another setting names.
sed -i 's/"decoder_depth": 1/"decoder_depth": 2/' configs/models/tiny.json
expect 0 "$synvid" sweep status smoke --out s
says out "11 changed 7 finished"
sed -i 's/"decoder_depth": 2/"decoder_depth": 1/' configs/models/tiny.json
expect 0 "$synvid" sweep status smoke --out s
says out "18 finished"

# One result; one shard of a dataset.
rm s/runs/probe/probe-standin-motion-static-circles-*/result.json
sweep
[ "$(started)" = "probe-static-circles" ] || fail "a deleted result started $(started)"
rm s/data/standin-test/shard-00001.h5
sweep
[ "$(started)" = "standin-test" ] || fail "a deleted shard started $(started)"

# Scripts for SLURM are written without one; they name what is missing and nothing else.
expect 0 "$synvid" sweep slurm smoke --out s
says err "nothing to submit"
rm -r s/runs/pretrain/moving-circles-*
expect 0 "$synvid" sweep slurm smoke --out s
grep -qE '^submit pretrain --array [0-9]+ ' "$(cat out)" || { cat "$(cat out)"; fail "the missing task is not submitted"; }
[ "$(grep -c '^submit ' "$(cat out)")" -eq 1 ] || { cat "$(cat out)"; fail "more than the missing task is submitted"; }
expect 0 bash -n "$(cat out)"

# A task whose process is killed goes on at once, twice; the third time it has failed.
expect 0 "$synvid" sweep clean smoke pretrain-moving-circles --out s
cat >configs/sweeps/killed.json <<'JSON'
{"name": "killed", "tasks": [{"task": "a", "ranks": 2, "run": ["variants"]}, {"task": "b", "run": ["variants"]}]}
JSON
cat >killer.sh <<'SH'
#!/bin/bash
# A launcher that is killed the first $KILLS times, and whose ranks say what they made afterwards.
echo x >> kills
[ "$(wc -l < kills)" -gt "$KILLS" ] || kill -KILL $$
echo made
SH
chmod +x killer.sh
for kills in 2 3; do
    rm -f kills
    expect $((kills == 2 ? 0 : 70)) env KILLS=$kills SYNVID_LAUNCH=./killer.sh "$synvid" sweep run killed --out k$kills
    expect 0 "$synvid" sweep status killed --out k$kills
    if [ $kills = 2 ]; then says out "2 finished"; else says out "ended by signal 9, time 3 of 3"; fi
done

# A sweep that is asked to stop leaves checkpoints and says so; the same command goes on.
"$synvid" sweep run smoke --out t >out 2>err &
sweep=$!
until [ -e t/sweep/standin-train.json ]; do sleep 0.05; done
kill -TERM $sweep
code=0
wait $sweep || code=$?
[ $code -eq 75 ] || { cat err; fail "a stopped sweep ends with $code instead of 75"; }
expect 0 "$synvid" sweep run smoke --out t
[ -s t/report/index.html ] || fail "no report after going on"

# Ranks for the commands that can use them; forgetting everything.
expect 0 "$synvid" sweep list smoke --out t --ranks 4
[ "$(grep -c ' 4x1 ' out)" -eq 17 ] || { cat out; fail "not 17 tasks on 4 ranks and the report on one"; }
expect 0 "$synvid" sweep clean smoke --out t
says err "--yes"
[ -s t/report/index.html ] || fail "clean without --yes removed something"
expect 0 "$synvid" sweep clean smoke --out t --yes
expect 0 "$synvid" sweep status smoke --out t
says out "18 tasks: 18 to do"
[ -z "$(find t -name '*.h5' -o -name result.json -o -name index.html)" ] || fail "results are left: $(find t -type f)"

# Every sweep that comes with the program can be read, and its SLURM script written without any data.
for file in "$source"/configs/sweeps/*.json; do
    expect 0 "$synvid" sweep list "$file" --out "plans/$(basename "$file" .json)"
    expect 0 "$synvid" sweep slurm "$file" --out "plans/$(basename "$file" .json)"
    expect 0 bash -n "$(cat out)"
done
expect 0 "$synvid" sweep list all34
[ "$(grep -E ' pretrain-' out | grep -vc ' pretrain-vit-l-')" -eq 35 ] || fail "not 34 pre-trainings and UCF101 in all34"
[ "$(grep -cE ' pretrain-vit-l-' out)" -eq 9 ] || fail "not 8 stages and UCF101 with ViT-L in all34"
expect 0 "$synvid" sweep list paper28
[ "$(grep -cE ' analyze-' out)" -eq 28 ] || fail "not 28 datasets in paper28"
