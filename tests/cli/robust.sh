#!/usr/bin/env bash
# robust as a user runs it: three fine-tuned models under corruption, figure 3 from them, the contact sheet, refusals.
. "$2/tests/support/cli.sh"
quiet=(--progress none --threads 1)
for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 16 --frames 20 --videos 16 --split $split --out $split \
        "${quiet[@]}"
done

# The models that figure 3 compares, by name only; the last one stands for pre-training on the task's own videos.
for name in accelerating-stylegan accelerating-images ucf101 standin-motion; do
    expect 0 "$synvid" finetune --config smoke --train train --test test --pretraining $name --out runs "${quiet[@]}" \
        --seed ${#name}
done
robust=(robust --checkpoint runs/finetune-standin-motion-ucf101 --severities 3)
(
    forbid_mpi
    expect 0 "$synvid" "${robust[@]}" --out nothing --dry-run
    says out "15 cells, 240 forward passes"
    fits out
    [ ! -e nothing ] || fail "a dry run made its folder"
)
expect 0 "$synvid" "${robust[@]}" --out runs "${quiet[@]}"
run=$(cat out)
[ "$(find "$run/cells" -name '*.csv' | wc -l)" -eq 15 ] || fail "not 15 cells"
[ "$(wc -l <"$run/robustness.csv")" -eq 35 ] || fail "not clean, 14 severities, 14 means, 4 families, 1 total"
grep -q '"pretraining": "ucf101"' "$run/result.json" || fail "the result does not name its pre-training"
grep -q '"severities 3 instead of 1-5"' "$run/result.json" || fail "a deviation is not named"
expect 0 "$synvid" "${robust[@]}" --out runs "${quiet[@]}"
once "already finished"

# Figure 3 finds every corruption of its list.
for name in accelerating-stylegan accelerating-images; do
    expect 0 "$synvid" robust --checkpoint runs/finetune-standin-motion-$name --severities 3 --out runs "${quiet[@]}"
done
# The table of reduced runs stands behind the paper's figure, which has none of theirs.
reduced_figure3() {
    expect 0 "$synvid" reproduce fig3 --runs runs --format csv
    [ "$(sed '/^$/q' out | grep -c '^[A-Z].*,not run,,,not run,,,not run,,')" -eq 14 ] || fail "a reduced figure in figure 3"
    sed -i '1,/^$/d' out
}
reduced_figure3
! grep -q "not run" out || { cat out; fail "figure 3 misses a corruption"; }
count() { # count COLUMN RELATION: rows of figure 3 in which a model's figure has this relation to the third one's
    awk -F, -v at="$1" -v wanted="$2" '$2 ~ /noise|blur|camera|digital/ {
        n += wanted == ($at > $9 ? "won" : $at < $9 ? "lost" : "tied") } END { print n + 0 }' out
}
for column in 3 6; do
    says out "\"$(count $column won) / $(count $column tied) / $(count $column lost), "
done
says out "lost against UCF101"
rm -r "$run"
expect 0 "$synvid" robust --checkpoint runs/finetune-standin-motion-standin-motion --severities 3 --out runs "${quiet[@]}"
run=$(cat out)
reduced_figure3
! grep -q "not run" out || { cat out; fail "figure 3 misses the target"; }
says out "lost against standin-motion"

# What one looks at.
expect 0 "$synvid" robust --sheet sheet.png --test test --corruptions all
[ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || fail "the sheet is no PNG"
expect 0 "$synvid" inspect "$run"
says out "gaussian_noise"

# What the dataset gives away: pixels alone, and a network that sees single or shuffled frames.
expect 0 "$synvid" controls --train train --test test --out controls --set side=4 --set n_frames=4 --set frame_stride=4
says err "from single frames"
for metric in frame_top1 shuffled_top1 clip_top1; do
    grep -q "\"$metric\"" "$(cat out)/result.json" || fail "no $metric"
done
expect 3 "$synvid" controls --train train --test missing --out controls
for frames in single shuffled; do
    expect 0 "$synvid" finetune --config smoke --train train --test test --set data.frames=$frames --out controls "${quiet[@]}"
    grep -q "data.frames $frames instead of ordered" "$(cat out)/result.json" ||
        fail "$frames frames are no deviation"
done

refuses() { # refuses CODE TEXT ARGUMENT...
    local code=$1 text=$2
    shift 2
    expect "$code" "$synvid" robust "$@"
    [ "$(grep -c 'error:' err)" -eq 1 ] || fail "not one error: $(cat err)"
    says err "$text"
}
tuned=(--checkpoint runs/finetune-standin-motion-ucf101)
refuses 2 "--checkpoint RUN is missing" --out refused
refuses 2 "--out DIR is missing" "${tuned[@]}"
refuses 2 "did you mean gaussian_noise?" "${tuned[@]}" --corruptions gausian_noise --out refused
refuses 2 'severities: "0-5"' "${tuned[@]}" --severities 0-5 --out refused
refuses 2 "has 16 videos" --sheet other.png --test test --sheet-video 16
refuses 2 "test is missing" --sheet other.png
refuses 3 "no-such-run" --checkpoint no-such-run --out refused
refuses 3 "only fine-tuned runs keep a classifier" --checkpoint "$run" --out refused
mkdir unfinished && cp runs/finetune-standin-motion-ucf101-*/config.json unfinished
refuses 3 "give the folder of a finished fine-tuning" --checkpoint unfinished --out refused
rm -r test
refuses 3 "test: " "${tuned[@]}" --out refused --corruptions jpeg
[ ! -e refused ] || fail "something was left"
