#!/usr/bin/env bash
# What a sweep says that it takes follows from its own sizes: small sweeps take minutes, the paper's take what its
# datasets and networks take, and twice the videos cost twice the fine-tuning.
. "$2/tests/support/cli.sh"

# hours SWEEP STAGE VAR...: core-hours of the stage by the plan
hours() {
    local sweep=$1 stage=$2
    shift 2
    expect 0 "$synvid" sweep run "$sweep" --plan --core-gflops 100 --out none "$@" >/dev/null
    awk -v stage="$stage" '$1 == stage && $3 ~ /^[0-9.]+$/ {print $3}' out
}
holds() { # holds EXPRESSION WHAT
    awk "BEGIN {exit !($1)}" || fail "$2: $1"
}

small=$(hours quickstart all)
holds "$small > 0.05 && $small < 2" "core-hours of the quickstart"
holds "$(hours smoke all) < 0.05" "core-hours of the smoke sweep"
# fine-tuning on twice the videos; the test videos stay
once=$(hours quickstart finetune --var train_videos=4000)
twice=$(hours quickstart finetune --var train_videos=8000)
holds "$twice > 1.9 * $once && $twice < 2 * $once" "twice the training videos"
# robustness runs the network that was fine-tuned, not ViT-B
holds "$(hours reduced robust) < 2" "core-hours of the reduced sweep's robustness tests"
# ViT-B at 16 x 224 x 224 over 800 epochs of 9,537 videos
holds "$(hours robustness pretrain) > 50000" "core-hours of three pre-trainings of the paper"

# A folder that is there is counted; its pieces are what max_frames cuts.
mkdir -p media/photos
photographs() { # photographs FIRST LAST: files that nobody decodes
    for ((i = $1; i <= $2; i++)); do echo "not decoded" >"media/photos/$i.jpg"; done
}
photographs 1 3000
once=$(hours quickstart photos --var media=media)
photographs 3001 6000
twice=$(hours quickstart photos --var media=media)
holds "$twice > 1.9 * $once && $twice < 2.1 * $once" "twice the photographs"
echo "plans: ok"
