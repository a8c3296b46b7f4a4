#!/usr/bin/env bash
# What is taken for a checkpoint and is none names import; a classifier is exported with the names of its classes; files
# that another program holds open are read.
. "$2/tests/support/cli.sh"
golden=$source/tests/golden/import
sizes=(--set model.image_size=16 --set model.n_frames=4 --set model.patch_size=8 --set model.width=16 --set model.depth=2
    --set model.heads=2)
learn=("${sizes[@]}" --batch 8 --set train.micro_batch=2 --epochs 1 --progress none --threads 1)
views=(--set data.test_clips=1 --set data.test_crops=1)
for split in train test; do
    expect 0 "$synvid" generate --variant standin-motion --size 32 --frames 20 --videos 16 --split $split --out $split \
        --progress none
done

# ---- weights of another program where a run is expected ----

mkdir hf
cp "$golden"/transformers4/* hf/
cp "$golden/official.pth" "$golden/separate-biases.safetensors" .
for other in official.pth separate-biases.safetensors hf; do
    for command in "finetune --checkpoint $other --train train --test test ${learn[*]} --out no" \
        "probe --checkpoint $other --train train --test test ${learn[*]} --out no" \
        "analyze --dataset train --reference test --encoder $other --frames 20 --videos 8 --progress none --out no" \
        "keys --encoder $other --dataset test --out no" "export $other --out no"; do
        read -ra words <<< "$command"
        expect 3 "$synvid" "${words[@]}"
        grep -a 'error:' err | grep -aq 'synvid import' || { cat err; fail "import is not named: $command"; }
    done
done

# ---- names of classes ----

expect 0 "$synvid" finetune --train train --test test "${learn[@]}" "${views[@]}" --out runs
run=$(cat out)
names() { # names FOLDER: those of id2label, in order
    python3 -c 'import json, sys
config = json.load(open(sys.argv[1] + "/config.json"))
assert config["label2id"] == {name: int(number) for number, name in config["id2label"].items()}
print("\n".join(config["id2label"][str(k)] for k in range(len(config["id2label"]))))' "$1"
}
if command -v python3 > /dev/null; then
    expect 0 "$synvid" export "$run" --out exported
    names exported | cmp - <(tail -n +2 "$run/classes.csv" | cut -d , -f 1) || fail "classes are not called by their names"
    expect 0 "$synvid" export "$(echo "$run"/ckpt/step-*.h5)" --out exported2
    names exported2 | cmp - <(names exported) || fail "of a checkpoint file classes have other names"
    # Names with everything that CSV and JSON know.
    n=$(($(wc -l < "$run/classes.csv") - 1))
    { head -n 1 "$run/classes.csv"; printf '"a, ""b""\\",1,1,1,1,1\n%s,1,1,,,\n' "'=1+1"; for i in $(seq 3 "$n"); do echo "c $i,0,0,,,"; done; } > odd.csv
    cp odd.csv "$run/classes.csv"
    expect 0 "$synvid" export "$run" --out exported
    [ "$(names exported | head -n 2)" = "$(printf 'a, "b"\\\n=1+1')" ] || fail "odd names come out as $(names exported)"
    head -n 3 odd.csv > "$run/classes.csv" # of another classifier
    expect 0 "$synvid" export "$run" --out exported
    once "the classifier has $n"
    [ "$(names exported | head -n 1)" = 'class 0' ] || fail "names of another classifier are used"
    printf 'class,videos,correct\n"no end,1\n' > "$run/classes.csv"
    expect 3 "$synvid" export "$run" --out exported
    rm "$run/classes.csv"
    expect 0 "$synvid" export "$run" --out exported
    once 'no classes.csv'
    [ "$(names exported | head -n 1)" = 'class 0' ] || fail "classes without names are not numbered"
fi

# ---- files that others hold ----

if command -v flock > /dev/null; then
    for locking in TRUE BEST_EFFORT FALSE; do
        for file in train/shard-*.h5 "$run"/ckpt/step-*.h5; do
            expect 0 env HDF5_USE_FILE_LOCKING=$locking flock -x -n "$file" "$synvid" verify "$file"
        done
        expect 0 env HDF5_USE_FILE_LOCKING=$locking flock -x -n train/shard-00000.h5 "$synvid" inspect train --sheet sheet.png
    done
fi
