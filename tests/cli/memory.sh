#!/usr/bin/env bash
# What --dry-run says a training needs is what it takes: ViT-S at full size, eight threads in teams of 1, 2, 4 and 8, and
# two ranks, of one node and each a node, peak resident size within 10 %.
. "$2/tests/support/cli.sh"
step=(pretrain --config paper --set model=models/vit_s --mask-ratio 0.9 --variant moving-shapes --batch 2 --clips 2
    --epochs 1 --set train.warmup_epochs=0 --threads 1 --progress none --out runs)

holds() { # holds COMMAND...: it takes what it plans
    expect 0 "$@" --dry-run
    planned=$(sed -n 's/^  \(.*\) of memory a rank.*/\1/p' out)
    expect 0 "$@"
    says err "$planned planned"
    awk '/memory of a rank/ { for (i = 1; i <= NF; i++) if ($i ~ /^[MG]B$/) print $(i - 1) * ($i == "GB" ? 1000 : 1) }' \
        err | tail -n 2 | paste -s -d ' ' >sizes
    awk '{ ok = NF == 2 && $1 <= 1.1 * $2 && $1 >= 0.9 * $2 } END { exit !ok }' sizes ||
        fail "more than 10 % apart, in MB: $(cat sizes)"
}

holds "$synvid" "${step[@]}"

shared=(pretrain --variant moving-circles --clips 32 --epochs 1 --batch 32 --set train.micro_batch=2 --threads 8
    --set train.warmup_epochs=0 --set model.image_size=96 --set model.n_frames=8 --set model.width=384 --set model.heads=6
    --set model.depth=8 --set model.decoder_width=192 --set model.decoder_heads=3 --set model.decoder_depth=2
    --progress none)
for team in 1 2 4 8; do
    holds "$synvid" "${shared[@]}" --set "train.team=$team" --out "team-$team"
    says err "8 threads a rank in $((8 / team)) team"
    need[team]=$(cut -d ' ' -f 1 sizes)
done
awk '{ exit !($2 < 0.7 * $1) }' <<<"${need[1]} ${need[8]}" || fail "one team needs ${need[8]} MB, eight ${need[1]} MB"

# A dry run starts no MPI: it plans for the ranks that the launcher speaks of.
pair=("${shared[@]}" --threads 1 --set train.team=1)
expect 0 ranks 2 "$synvid" "${pair[@]}" --dry-run
says out "of memory a rank, with 1 thread"
[ "$(grep -c 'of memory a rank' out)" -eq 1 ] || fail "more than one rank speaks"
holds ranks 2 "$synvid" "${pair[@]}" --out pair
export SYNVID_RANKS_PER_NODE=1
holds ranks 2 "$synvid" "${pair[@]}" --out apart
unset SYNVID_RANKS_PER_NODE
