# shellcheck shell=bash
# support/outcome.sh - what a disturbed command left, held to an undisturbed one; source it behind support/fault.sh.
# shellcheck source-path=SCRIPTDIR
: "${synvid:?support/fault.sh comes first}"

# What must be equal between equal runs: everything but times, places and locks (events for TensorBoard and gnuplot's PDF
# carry the time they were made; what a figure is drawn from is compared), and of the checkpoints the last: one that
# stopped in between keeps the step it stopped at.
contents() { # contents DIR: "digest path" of each file
    (
        cd "$1" || exit
        find . -type f ! -name run.json ! -name timings.jsonl ! -name .lock ! -path '*/tb/*' ! -path '*/ckpt/*' \
            ! -name '*.partial' ! -name '*.pdf' -exec md5sum {} + | sort -k 2
        find . -type f -path '*/ckpt/*' | sort | tail -n 1 | xargs -r md5sum
    )
}

# A PDF carries the time it was made: the end tells where the table of its objects begins, and there it is.
whole_pdf() {
    local start
    [ "$(head -c 5 "$1")" = %PDF- ] && [ "$(tail -n 1 "$1")" = %%EOF ] || return 1
    start=$(tail -n 2 "$1" | head -n 1)
    tail -c +$((start + 1)) "$1" | head -n 1 | grep -aqE '^(xref|[0-9]+ 0 obj)'
}

# Final names mean whole files: equal to the undisturbed run's, or, where that has none (an earlier checkpoint), whole by
# their own account. Files that grow (curves and their events, journals) are not final until the result is there; the
# plan of an ingestion goes when the dataset is complete.
whole_so_far() { # whole_so_far DIR REFERENCE
    local file name
    while read -r file; do
        name=${file#"$1"/}
        case $name in
            *.partial | */run.json | */timings.jsonl | */.lock | */curves.jsonl | */tb/* | *.journal/* | *ingest.plan) ;;
            *.pdf) whole_pdf "$file" || fail "$file has its final name and is not whole" ;;
            */curves.csv) # whole lines of what was done until a stop; without a point the columns are not known yet
                [ "$(cat "$file")" = step ] || cmp -s "$file" <(head -n "$(wc -l <"$file")" "$2/$name") || fail "$file is not how the curve begins"
                ;;
            *)
                if [ -e "$2/$name" ]; then
                    cmp -s "$file" "$2/$name" || fail "$file has its final name and is not what it should be"
                else
                    case $name in
                        *.h5) "$synvid" verify "$file" >/dev/null || fail "$file has its final name and is not whole" ;;
                        *) "$synvid" inspect "$file" >/dev/null || fail "$file has its final name and is not whole" ;;
                    esac
                fi
                ;;
        esac
    done < <(find "$1" -type f)
}
