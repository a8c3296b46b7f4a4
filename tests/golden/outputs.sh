#!/usr/bin/env bash
# What every command makes, as one digest a thing: what a change that should change nothing must leave alone.
#   outputs.sh SYNVID SOURCE_DIR              compares the rows that machines agree on with outputs.txt
#   outputs.sh SYNVID SOURCE_DIR --data       the same of the rows of data alone: pools, datasets, corruptions, masks
#   outputs.sh SYNVID SOURCE_DIR --update     writes these rows anew; the commit says why they changed
#   outputs.sh SYNVID SOURCE_DIR --against OTHER_SYNVID
#                                             compares all rows with those of another build on this machine, also what
#                                             depends on the processor: weights, results, figures, the report
# A row is "promise name digest". The promise is `everywhere` (equal on every machine, compiler and library that
# docs/formats.md names), `x86-64` (on these processors alone, where a library's own vector code decides), `ffmpeg-7` (there with
# FFmpeg 5 to 7, which decode and scale photographs alike) or `here` (equal for two builds of one compiler on one machine).
# shellcheck source-path=SCRIPTDIR/../support
other=$(realpath "${4:-$1}")
. "$2/tests/support/cli.sh"
table=$source/tests/golden/outputs.txt
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

row() { # row PROMISE NAME: the digest of stdin
    printf '%s %s %s\n' "$1" "$2" "$(sha256sum | cut -c 1-32)"
}

quiet() { # quiet COMMAND...: its last line on stdout, which is what it made
    "$program" "$@" -q --progress none --threads 1 >made 2>err || { cat err >&2; echo "failed: $*" >&2; return 1; }
    tail -n 1 made
}

# Contents of a dataset, pool or checkpoint by its own digests; the manifest beside them.
data_row() { # data_row PROMISE PATH
    {
        "$program" verify "$2" | awk '{ print $1 }'
        [ ! -d "$2" ] || sed "s|$PWD/||g" "$2/dataset.json"
    } | row "$1" "$2"
}

# Every file of a folder but those that tell times, places and versions of other programs.
folder_rows() { # folder_rows NAME FOLDER
    local file
    while read -r file; do
        sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' "$2/$file" | row here "$1/$file"
    done < <(cd "$2" && find . -type f ! -name run.json ! -name timings.jsonl ! -name .lock ! -path '*/tb/*' \
        ! -name '*.pdf' -printf '%P\n' | LC_ALL=C sort)
}

# ---- what the program says: help, manual pages, completion, settings

words() {
    local command kind
    "$program" --help | row everywhere help
    for command in $("$program" --help | awk '/^[A-Z].*:$/ { list = /order|there is|Plumbing/ } list && /^  [a-z]/ { print $1 }'); do
        "$program" "$command" --help | row everywhere "$command --help"
        "$program" man "$command" | grep -v '^\.TH' | row everywhere "man $command"
    done
    "$program" completion bash | row everywhere "completion bash"
    "$program" variants --json | row everywhere "variants --json"
    for kind in generate textures ingest pretrain finetune probe robust analyze keys controls report; do
        "$program" config explain "$kind" | tr -s ' \n' ' ' | sed 's|[^ ]*/configs/||' | row everywhere "config explain $kind"
    done
    for kind in pretrain finetune variant; do "$program" config schema $kind | row everywhere "config schema $kind"; done
    for kind in finetune/paper pretrain/paper probe/paper; do
        "$program" config show --kind "${kind%%/*}" "${kind#*/}" | row everywhere "config show $kind"
    done
    for kind in quickstart all34 reduced; do "$program" sweep list "$kind" | row everywhere "sweep list $kind"; done
    "$program" reproduce table1 --format csv | row everywhere "reproduce table1"
}

# ---- what no command shows by itself (tests/golden/digest_rows.c), where a build has its tests

parts() {
    local rows
    rows=$(dirname "$program")/tests/digest_rows
    [ ! -x "$rows" ] || "$rows"
}

# ---- datasets: every variant of the paper, the stand-ins, pools, every storage

datasets() {
    local kind variant pools split storage promise
    local small=(--videos 2 --size 32 --frames 20 --seed 3)
    for kind in statistical stylegan-oriented stylegan-highfreq; do
        quiet textures --kind $kind --images 3 --size 64 --seed 2 --out pools/$kind.h5 >/dev/null
        data_row x86-64 pools/$kind.h5
    done
    quiet ingest --input "$source/tests/golden/images" --as images --size 64 --max-bad 1 --out pools/photos.h5 >/dev/null
    data_row ffmpeg-7 pools/photos.h5
    quiet generate --variant standin-motion "${small[@]}" --videos 4 --out data/videos >/dev/null
    for variant in $("$program" variants | awk '$1 ~ /^[0-9]+$/ || $1 == "-" { print $2 }'); do
        pools=() promise=everywhere
        # Sets of textures and photographs take the pool of their kind; those that mix in videos take a dataset.
        case $variant in
            *-ucf-*) pools=(pools/photos.h5 data/videos) ;;
            images-stylegan) pools=(pools/photos.h5 pools/stylegan-oriented.h5) ;;
            *images-statistical) pools=(pools/photos.h5 pools/statistical.h5) ;;
            *dynamic-stylegan-crops) pools=(data/films) ;;
            *dynamic*) promise=x86-64 ;;
            *images*) pools=(pools/photos.h5) ;;
            *stylegan*) pools=(pools/stylegan-oriented.h5) ;;
            *textures*) pools=(pools/statistical.h5) ;;
        esac
        case $variant in *crops) [ -d data/films ] || quiet generate --variant dynamic-stylegan-videos "${small[@]}" --out data/films >/dev/null ;; esac
        [ ${#pools[@]} -eq 0 ] || promise=x86-64
        case " ${pools[*]} " in *" pools/photos.h5 "*) promise=ffmpeg-7 ;; esac
        [ ${#pools[@]} -eq 0 ] || pools=(--pool "$(IFS=,; echo "${pools[*]}")" --with pool_min=2)
        quiet generate --variant "$variant" "${small[@]}" "${pools[@]}" --out "data/$variant" >/dev/null
        data_row $promise "data/$variant"
    done
    for split in train test; do
        quiet generate --variant standin-motion --videos 16 --size 32 --frames 20 --split $split --out data/$split >/dev/null
        data_row everywhere data/$split
    done
    for storage in deflate latent mpeg4; do
        quiet generate --variant moving-shapes "${small[@]}" --storage $storage --out data/$storage >/dev/null
        if [ $storage = mpeg4 ]; then data_row here data/$storage; else data_row everywhere data/$storage; fi
    done
    row here data/raw-file <data/moving-shapes/shard-00000.h5
    "$program" inspect data/moving-shapes --sheet sheet.png 2>err | sed 's/[0-9.]* [kM]*B//' | row here "inspect data/moving-shapes"
    row here "sheet of data/moving-shapes" <sheet.png
}

# ---- every stage on a model of a few thousand weights, and what is made of their results

stages() {
    local run model=(image_size=16 n_frames=4 patch_size=8 width=16 depth=2 heads=2 decoder_width=8 decoder_depth=1 decoder_heads=1)
    local learn=(--batch 8 --set train.micro_batch=2 --epochs 5 --set data.frame_stride=2)
    local views=(--set data.test_clips=2 --set data.test_crops=1)
    learn+=("${model[@]/#/--set=model.}")
    run=$(quiet pretrain --variant moving-circles --set data.with='["objects=20"]' --set data.size=16 --set data.frames=20 \
        --clips 32 "${learn[@]}" --out runs)
    folder_rows pretrain "$run"
    folder_rows finetune "$(quiet finetune --checkpoint "$run" --train data/train --test data/test "${learn[@]}" "${views[@]}" --out runs)"
    folder_rows probe "$(quiet probe --checkpoint "$run" --train data/train --test data/test "${learn[@]}" "${views[@]}" --out runs)"
    folder_rows robust "$(quiet robust --checkpoint runs/finetune-standin-motion-moving-circles --severities 3 --out runs)"
    folder_rows analyze "$(quiet analyze --dataset data/moving-shapes --reference data/train --encoder "$run" --frames 32 --videos 2 \
        --set frame_stride=2 --out runs)"
    folder_rows keys "$(quiet keys --encoder "$run" --dataset data/train --videos 4 --frames 8 --out runs)"
    "$program" controls --train data/train --test data/test --out controls --set side=4 --set n_frames=4 \
        --set frame_stride=4 >/dev/null 2>&1
    folder_rows controls controls
    "$program" export "$run" --out hf >/dev/null 2>&1
    folder_rows export hf
    "$program" import hf --out imported >/dev/null 2>&1
    folder_rows import imported
    "$program" report --runs runs --data data --out report >/dev/null 2>&1
    folder_rows report report
    "$program" reproduce all --runs runs --data data --out paper >/dev/null
    folder_rows reproduce paper
    "$program" status runs 2>/dev/null | awk '{ print $1 }' | row here "status"
}

rows_of() { # rows_of SYNVID FILE: all rows of one build, always made at the same place
    (
        program=$1
        mkdir work
        cd work
        parts
        datasets
        [ -n "$data_only" ] || { words && stages; }
    ) >"$2"
    rm -r work
}

same() { # same FILE FILE: equal, or the differing names
    diff -u "$1" "$2" >differences || { cat differences; fail "outputs changed: $(grep -c '^+[efhx]' differences) rows"; }
}

# What is promised on a processor like this one, in the table's order.
promised() { # promised FILE
    local promises='everywhere' names=''
    [ "$(machine)" != x86_64 ] || promises='everywhere|x86-64'
    [ "$(machine)" != x86_64 ] || [ "$(avcodec)" -gt 61 ] || promises="$promises|ffmpeg-7"
    [ -z "$data_only" ] || names=' (pools|data|corruption|resize|mask)/'
    grep -E "^($promises)${names}" "$1"
}

# Of the program, not of the system: an emulated one is another.
machine() {
    case $(od -An -tu1 -j18 -N1 "$synvid" | tr -d ' ') in 62) echo x86_64 ;; *) echo other ;; esac
}

avcodec() { "$synvid" --version | sed -n 's/^ *avcodec *\([0-9]*\).*/\1/p'; }

[ "${3:-}" = --data ] && data_only=yes || data_only=''
rows_of "$synvid" all
case ${3:-} in
    --against)
        rows_of "$other" before
        same before all
        echo "$(wc -l <all) rows equal"
        ;;
    --update) grep -v '^here' all >"$table" ;;
    '' | --data)
        promised "$table" >before
        promised all >now
        same before now
        echo "$(wc -l <now) rows equal"
        ;;
    *) fail "unknown option $3" ;;
esac
