#!/usr/bin/env bash
# Numbers that spoil a training, in both precisions. Infinities and NaN in weights are refused where they come in; the
# largest floats, and a rate that throws the weights there, end in the error of a diverged training, exit code 6, with
# nothing called a result; denormal numbers train.
. "$2/tests/support/fault.sh"
make_inputs
expect 0 "$synvid" export in/runs/base --out hf

# Where the values of a tensor are in a safetensors file: 8 bytes with the header's length, the header, the values.
tensor_at() { # tensor_at FILE NAME: first and last byte + 1 in FILE
    local header begin end
    header=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
    read -r begin end < <({ head -c $((8 + header)) "$1" | tail -c "$header"; echo; } |
        sed -n "s/.*\"$2\":{[^}]*\"data_offsets\":\[\([0-9]*\),\([0-9]*\)\].*/\1 \2/p")
    [ -n "$begin" ] || fail "no tensor $2 in $1"
    echo $((8 + header + begin)) $((8 + header + end))
}

edited() { # edited CODE NAME BYTES [all]: import of the weights with these four bytes in tensor NAME ends with CODE
    local begin end at
    rm -rf odd edited
    cp -r hf odd
    read -r begin end < <(tensor_at odd/model.safetensors "$2")
    [ "${4:-}" = all ] || end=$((begin + 4))
    for ((at = begin; at < end; at += 4)); do printf '%b' "$3"; done |
        dd of=odd/model.safetensors bs=64k seek="$begin" oflag=seek_bytes conv=notrunc status=none
    expect "$1" "$synvid" import odd --out edited
}

tune() { # tune CODE PRECISION
    rm -rf tuned
    expect "$1" "$synvid" finetune --checkpoint edited --train in/train --test in/test "${tiny_model[@]}" "${learn[@]}" \
        --set data.test_clips=1 --set data.test_crops=1 --set "train.precision=$2" --out tuned
}

diverged() { # diverged FOLDER STAGE: the message says when and what to do, and no run has a result
    one_error "$2: step " 'the loss is ' train.base_lr
    [ -z "$(find "$1" -name result.json)" ] || fail "a diverged run has a result"
}

weight=videomae.encoder.layer.0.intermediate.dense.weight
for bytes in '\x00\x00\x80\x7f' '\x00\x00\x80\xff' '\x00\x00\xc0\x7f' '\x01\x00\x80\x7f'; do # inf, -inf, NaN, NaN
    edited 3 $weight "$bytes"
    one_error $weight 'not finite'
    [ ! -e edited ] || fail "a refused import left a run behind"
done
for precision in float32 bfloat16; do
    edited 0 $weight '\xff\xff\x7f\x7f' all # the largest float: sums overflow
    tune 6 $precision
    diverged tuned fine-tuning
    edited 0 $weight '\x01\x00\x00\x00' all # the smallest denormal number
    tune 0 $precision
    rm -rf thrown
    # every step makes the weights about -5 times as large
    expect 6 "$synvid" pretrain --dataset in/train "${tiny_model[@]}" "${tiny_decoder[@]}" --batch 16 --epochs 100 \
        --base-lr 10 --set train.min_lr=10 --set train.weight_decay=10 --set train.warmup_epochs=0 --threads 1 \
        --set "train.precision=$precision" --progress none --out thrown
    diverged thrown pretraining
done
