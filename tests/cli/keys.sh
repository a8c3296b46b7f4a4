#!/usr/bin/env bash
# keys: maps, a film and figures of a tiny model, the same on 1, 2 and 3 ranks; what it refuses.
. "$2/tests/support/cli.sh"
pretrain=(pretrain --variant moving-circles --config vit_test --set data.clips=8 --batch 4 --set train.micro_batch=2
          --set train.epochs=1 --set train.warmup_epochs=0 --out models -q --progress none)
expect 0 "$synvid" "${pretrain[@]}"
model=$(tail -n 1 out)
expect 0 "$synvid" generate --variant standin-motion --videos 24 --size 48 --frames 20 --out data -q
frames=$(grep -o '"n_frames": *[0-9]*' "$model/config.json" | grep -o '[0-9]*$')
look=(keys --encoder "$model" --dataset data --videos 9 --frames $((2 * frames)) -q --progress none)

expect 0 "$synvid" "${look[@]}" --out one --threads 1
run=$(tail -n 1 out)
for file in result.json keys.png keys.mp4; do [ -s "$run/$file" ] || fail "no $file"; done
grep -q '"pretraining": "moving-circles"' "$run/result.json" || fail "not filed under its pre-training"
grep -q '"position_share"' "$run/result.json" || fail "no share of the position"
expect 0 "$synvid" "${look[@]}" --out threads --threads 2
cmp "$run/result.json" "$(tail -n 1 out)/result.json" || fail "another result with 2 threads"
for n in 2 3; do
    expect 0 ranks "$n" "$synvid" "${look[@]}" --out "many$n" --threads 1
    for file in result.json keys.png keys.mp4; do cmp "$run/$file" "$(tail -n 1 out)/$file" || fail "$n ranks: another $file"; done
done

# Into the paper's figure and the report.
expect 0 "$synvid" reproduce fig5 --runs one
says out "Moving circles"
expect 0 "$synvid" report --runs one --data data --out report
grep -q 'frames, and below them the keys' report/index.html || fail "no maps in the report"

# Bad input.
expect 2 "$synvid" keys --dataset data --out bad
once "encoder is not set"
expect 2 "$synvid" keys --encoder "$model" --dataset data --frames $((2 * frames + 1)) --out bad
once "give a multiple of that"
expect 2 "$synvid" "${look[@]}" --out bad --class nothing
once 'has no class "nothing"'
expect 3 "$synvid" keys --encoder nowhere --dataset data --out bad
once "nowhere: no such file"
expect 0 "$synvid" "${look[@]}" --out dry --dry-run
[ ! -e dry ] || fail "a dry run left files"
[ -z "$(find . -name '*.partial')" ] || fail "partial files were left"
