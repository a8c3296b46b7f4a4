#!/usr/bin/env bash
# Figures are drawn by another program: one that is not there, fails, is killed, stops in the middle without a word or
# meets a full disk leaves no half picture under a final name, and costs no result.
# shellcheck source-path=SCRIPTDIR/../support
. "$2/tests/support/fault.sh"
command -v gnuplot >/dev/null || exit 77
real=$(command -v gnuplot)
make_inputs
mkdir bin

# fake: a gnuplot that is the shell script on stdin; $real in it is the true one
fake() {
    { printf '#!/bin/sh\nreal=%s\n' "$real"; cat; } >bin/gnuplot
    chmod +x bin/gnuplot
}

fake_true() { printf '#!/bin/sh\nexec %s "$@"\n' "$real" >bin/gnuplot && chmod +x bin/gnuplot; }

# fake_half END FILES: one that leaves 1000 bytes of the pictures FILES (a pattern) and ends with the command END
fake_half() {
    fake <<FAKE
"\$real" "\$@"
for picture in $2; do head -c 1000 "\$picture" >half; cat half >"\$picture"; done
rm half
$1
FAKE
}

# tune OUT: fine-tunes with the fake in front, which must succeed; $figures is where its figure is
tune() {
    experiment finetune "$1"
    expect 0 env PATH="$scratch/bin:$PATH" "$synvid" "${command[@]}"
    figures=$(cat out)
    [ -s "$figures/result.json" ] || fail "the result is lost"
    [ -s "$figures/confusion.gp" ] || fail "the script is missing"
    [ -s "$figures/confusion.dat" ] || fail "the data are missing"
    [ -z "$(find "$1" -name '*.partial')" ] || fail "partial files are left: $(find "$1" -name '*.partial')"
}

# has NAME...: exactly these pictures are there
has() {
    local found
    found=$(cd "$figures" && echo confusion.[ps][dv][fg])
    [ "$found" = "${*:-confusion.[ps][dv][fg]}" ] || fail "pictures: $found instead of: $*"
}

# ---- a true one: both pictures, and the script that is kept draws the same again
fake_true
tune runs/good
has confusion.pdf confusion.svg
grep -q '</svg>' "$figures/confusion.svg" || fail "the picture has no end"
cp "$figures/confusion.svg" before.svg
(cd "$figures" && rm confusion.svg confusion.pdf && "$real" confusion.gp)
cmp "$figures/confusion.svg" before.svg || fail "the script that is kept draws another picture"
! grep -q partial "$figures/confusion.gp" || fail "the script that is kept draws under another name"

# ---- one that says what is wrong
fake <<'FAKE'
echo "line 3: undefined function: wind" >&2
exit 1
FAKE
tune runs/fails
has
once 'confusion.svg is missing: gnuplot ended with exit code 1: line 3: undefined function: wind'

# ---- one that is killed after half of the picture
fake_half 'kill -9 $$' '*.svg* *.pdf*'
tune runs/killed
has
once 'confusion.svg is missing: gnuplot was ended by signal 9'

# ---- one that writes half and ends as if all were well
fake_half 'exit 0' '*.svg* *.pdf*'
tune runs/half
has
once 'confusion.svg.partial: ends after 1000 bytes, before the end of its format'

# ---- one whose PDF alone is broken, or empty
fake_half 'exit 0' '*.pdf*'
tune runs/pdf
has confusion.svg
once 'confusion.pdf is missing: '
fake <<'FAKE'
"$real" "$@"
for picture in *.pdf*; do : >"$picture"; done
FAKE
tune runs/empty
has confusion.svg
once 'confusion.pdf.partial: is empty'

# ---- one that draws nothing
fake <<<'exit 0'
tune runs/nothing
has
once 'confusion.svg is missing: '

# ---- none at all: everything else of PATH
rm bin/gnuplot
mkdir elsewhere
IFS=: read -r -a folders <<<"$PATH"
for folder in "${folders[@]}"; do
    for program in "$folder"/*; do [ "${program##*/}" = gnuplot ] || ln -sf "$program" elsewhere/ 2>/dev/null || true; done
done
experiment finetune runs/none
expect 0 env PATH="$scratch/elsewhere" "$synvid" "${command[@]}"
figures=$(cat out)
has
once 'not drawn, there is no gnuplot here'

# ---- the report says which figure is missing, and why; an older picture does not stay beside newer data
report() { expect 0 env PATH="$scratch/bin:$PATH" "$synvid" report --runs runs/good --out report; }
fake_true
report
pictures=$(find report -name '*.svg' | wc -l)
[ "$pictures" -gt 0 ] || fail "the report has no figures"
fake_half 'exit 0' '*.svg* *.pdf*'
report
[ "$(find report -name '*.svg' -o -name '*.pdf' | wc -l)" -eq 0 ] || fail "half a picture has its final name"
[ "$(grep -o 'The figure [a-z0-9_-]* is missing: ' report/index.html | sort -u | wc -l)" -eq "$pictures" ] ||
    fail "the report does not name every missing figure"
grep -q 'svg is missing: ' err || fail "no warning names a missing figure"
[ -s report/index.html ] || fail "the report itself is lost"

# ---- the disk fills up while gnuplot draws: a full disk is a full disk, and the same command again is a figure
mkdir disk
if mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null; then
    trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
    fake <<'FAKE'
head -c 9M /dev/zero >../../filler 2>/dev/null
"$real" "$@"
exit 0
FAKE
    experiment finetune disk/runs
    expect 4 env PATH="$scratch/bin:$PATH" "$synvid" "${command[@]}"
    [ -s disk/filler ] || fail "the disk was not filled"
    one_error 'No space left on device' 'a figure could not be drawn'
    [ -z "$(find disk -name '*.svg' -o -name '*.pdf' -o -name '*.partial')" ] || fail "a half picture is left"
    rm disk/filler
    fake_true
    expect 0 env PATH="$scratch/bin:$PATH" "$synvid" "${command[@]}"
    figures=$(cat out)
    has confusion.pdf confusion.svg
fi
