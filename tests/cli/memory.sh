#!/usr/bin/env bash
# What --dry-run says a training needs is what it takes: ViT-S at full size, peak resident size within 15 %.
. "$2/tests/support/cli.sh"
step=(pretrain --config paper --set model=models/vit_s --mask-ratio 0.9 --variant moving-shapes --batch 2 --clips 2
    --epochs 1 --set train.warmup_epochs=0 --threads 1 --progress none --out runs)

expect 0 "$synvid" "${step[@]}" --dry-run
planned=$(sed -n 's/^  \(.*\) of memory a rank.*/\1/p' out)
expect 0 "$synvid" "${step[@]}"
says err "$planned planned"
sed -n 's/.*memory of a rank \([0-9.]*\) MB at most, \([0-9.]*\) MB planned.*/\1 \2/p' err >sizes
[ -s sizes ] || fail "the end does not tell memory in MB"
awk '{ exit !($1 <= 1.15 * $2 && $1 >= 0.85 * $2) }' sizes || fail "more than 15 % apart: $(cat sizes)"
