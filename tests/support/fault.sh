# shellcheck shell=bash
# support/fault.sh - for tests that hurt commands; source it with: . "$2/tests/support/fault.sh"
#
# Adds to support/cli.sh: commands that may not hang, tiny experiments that visit every part of the program in a second
# each, and checks of what a failure leaves behind.
# shellcheck source-path=SCRIPTDIR
. "$2/tests/support/cli.sh"
export OMPI_MCA_btl_vader_backing_directory=$scratch # killed ranks leave their segments behind

PATIENCE_S=${PATIENCE_S:-60} # much more than any command here takes, also on a busy machine

# run N COMMAND...: on N ranks (1: without a launcher), ended by force after a while with exit code 124
run() {
    local n=$1
    shift
    if [ "$n" -eq 1 ]; then
        timeout -k 5 "$PATIENCE_S" "$@"
    else
        timeout -k 5 "$PATIENCE_S" mpirun -n "$n" "$@"
    fi
}

# one_error TEXT...: the last command ended with exactly one error, and each TEXT is in it
one_error() {
    local text
    [ "$(grep -ac ' error: ' "$scratch/err")" -eq 1 ] || { cat "$scratch/err"; fail "not exactly one error"; }
    for text in "$@"; do
        grep -aF ' error: ' "$scratch/err" | grep -aqF -e "$text" || { cat "$scratch/err"; fail "the error does not name: $text"; }
    done
}

# refused CODE "TEXT|TEXT..." N COMMAND...: ends on all N ranks with CODE and one error that holds every TEXT
refused() {
    local code=$1 texts n=$3
    IFS='|' read -r -a texts <<<"$2"
    shift 3
    expect "$code" run "$n" "$@"
    one_error "${texts[@]}"
}

# whole PATH: nothing below it is half written: no partial files, every shard, pool and checkpoint is what it says, every
# JSON file is JSON
whole() {
    local file
    [ -e "$1" ] || return 0
    [ -z "$(find "$1" -name '*.partial')" ] || fail "partial files are left: $(find "$1" -name '*.partial')"
    while read -r file; do
        case $file in
            *.h5) "$synvid" verify "$file" >/dev/null || fail "$file has its final name and is not whole" ;;
            *) "$synvid" inspect "$file" >/dev/null || fail "$file has its final name and is not whole" ;;
        esac
    done < <(find "$1" -name '*.h5' -o -name '*.json')
}

# digests PATH...: what the contents are, without the names of the places
digests() {
    local path
    for path in "$@"; do "$synvid" verify "$path" 2>/dev/null | awk '{ print $1 }'; done
    find "$@" \( -name result.json -o -name curves.jsonl -o -name predictions.csv \) -exec md5sum {} + | awk '{ print $1 }' | sort
}

# ---- tiny experiments: experiment NAME OUT sets `command`, and `product` to what it makes

tiny_model=(--set model.image_size=16 --set model.n_frames=4 --set model.patch_size=8 --set model.width=16
    --set model.depth=2 --set model.heads=2)
tiny_decoder=(--set model.decoder_width=8 --set model.decoder_depth=1 --set model.decoder_heads=1)
learn=(--batch 4 --set train.micro_batch=2 --epochs 2 --threads 1 --progress none)
save=(--set train.checkpoint_steps=2)

# What the experiments read; once a script.
make_inputs() {
    local split n=0
    for split in train test; do
        expect 0 "$synvid" generate --variant standin-motion --split "$split" --size 32 --frames 8 --videos 16 \
            --shard-videos 4 --out "in/$split" -q
    done
    expect 0 "$synvid" inspect in/train --mp4 in/clip.mp4 --clip 0
    mkdir -p in/videos in/images
    for split in a b c d; do
        n=$((n + 1))
        cp in/clip.mp4 "in/videos/$split.mp4"
        expect 0 "$synvid" inspect in/train --sheet "in/images/$split.png" --rows 1 --columns $n
    done
    expect 0 "$synvid" pretrain --dataset in/train --name base "${tiny_model[@]}" "${tiny_decoder[@]}" "${learn[@]}" --out in/runs -q
}

# shellcheck disable=SC2034  # for the scripts
experiment() {
    local classify=(--train in/train --test in/test --checkpoint in/runs/base --set data.test_clips=1
        --set data.test_crops=1 "${tiny_model[@]}" "${learn[@]}" --out "$2")
    product=$2
    case $1 in
        generate) command=(generate --variant standin-motion --size 16 --frames 8 --videos 8 --shard-videos 2
            --progress none --threads 1 --out "$2") ;;
        ingest) command=(ingest --input in/videos --size 16 --shard-videos 1 --progress none --threads 1 --out "$2") ;;
        pool)
            product=$2/pool.h5
            command=(ingest --input in/images --as images --size 16 --progress none --threads 1 --out "$product")
            ;;
        textures)
            product=$2/pool.h5
            command=(textures --kind stylegan-oriented --images 80 --size 16 --progress none --threads 1 --out "$product")
            ;;
        pretrain) command=(pretrain --dataset in/train "${tiny_model[@]}" "${tiny_decoder[@]}" "${learn[@]}" "${save[@]}" --out "$2") ;;
        finetune) command=(finetune "${classify[@]}" "${save[@]}") ;;
        probe) command=(probe "${classify[@]}") ;;
        analyze) command=(analyze --dataset in/test --reference in/train --frames 16 --videos 8 --threads 1
            --progress none --out "$2") ;;
        *) fail "no experiment $1" ;;
    esac
}
