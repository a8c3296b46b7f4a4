#!/usr/bin/env bash
# Every path of this tree that ARCHITECTURE.md, CONTRIBUTING.md, README.md or docs/ name exists, and every header of src
# opens with its own.
#   paths.sh SYNVID SOURCE_DIR
# Named are paths in backquotes that begin with a folder of the tree (`src/run/task.h`) or, in ARCHITECTURE.md and
# CONTRIBUTING.md, with one of src (`run/task.h`), and links to files. A source may go without its ending
# (`gen/objects/scene`). Names with placeholders (<name>, *, ...) and versions (`cmake/3.25`) are passed over.
set -euo pipefail
cd "$2"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck disable=SC2016  # backquotes are the texts'
quoted='`[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+/?`'

# missing FOLDER: file: path, for every path named in the texts of FOLDER and not there
missing() (
    cd "$1"
    local text name top path folders sources
    folders=$(find . -mindepth 1 -maxdepth 1 -type d ! -name '.*' ! -name build -printf '%f ')
    sources=$(find src -mindepth 1 -maxdepth 1 -type d -printf '%f ')
    for text in ARCHITECTURE.md CONTRIBUTING.md README.md docs/*.md; do
        [ -f "$text" ] || continue
        while read -r name; do
            top=${name%%/*}
            path=
            case " $folders " in *" $top "*) path=$name ;; esac
            case $text in [AC]*) case " $sources " in *" $top "*) path=src/$name ;; esac ;; esac
            [ -z "$path" ] || [ -e "$path" ] || [ -e "$path.c" ] || [ -e "$path.h" ] || echo "$text: $name"
        done < <(grep -oE "$quoted" "$text" | tr -d '`' | grep -vE '/[0-9.]+$' | sort -u)
        while read -r name; do
            [ -e "$(dirname "$text")/$name" ] || echo "$text: $name"
        done < <(grep -oE '\]\([A-Za-z0-9_./-]+' "$text" | cut -c 3- | { grep -vE '^https?$' || true; } | sort -u)
    done
)

# misnamed FOLDER: headers whose first line is not "/* <its path below src, without .h> - ..."
misnamed() (
    cd "$1/src"
    find . -name '*.h' -printf '%P\n' | LC_ALL=C sort | while read -r header; do
        IFS= read -r first < "$header" || true
        case $first in "/* ${header%.h} - "*) ;; *) echo "$header" ;; esac
    done
)

found=$(missing .)
[ -z "$found" ] || { echo "named, but not there:"; echo "$found"; exit 1; }
found=$(misnamed .)
[ -z "$found" ] || { echo "headers that do not open with their own path:"; echo "$found"; exit 1; }

# It can fail: a name that is wrong is found in each form, and one that is right is not.
mkdir -p "$scratch/src/run" "$scratch/docs"
touch "$scratch/src/run/task.h"
# shellcheck disable=SC2016  # backquotes are the texts'
printf '%s\n' '`src/run/task.h` `run/task` `run/gone.h` [gone](docs/gone.md)' > "$scratch/ARCHITECTURE.md"
# shellcheck disable=SC2016
printf '%s\n' '`src/run/lost.c` `run/gone.h` `other/thing.c` [there](../src/run/task.h)' > "$scratch/docs/page.md"
expected='ARCHITECTURE.md: docs/gone.md
ARCHITECTURE.md: run/gone.h
docs/page.md: src/run/lost.c'
[ "$(missing "$scratch" | LC_ALL=C sort)" = "$expected" ] || { echo "paths.sh does not find what is missing"; missing "$scratch"; exit 1; }

mkdir "$scratch/src/run/internal"
echo '/* run/task - what a task is. */' > "$scratch/src/run/task.h"
echo '/* run/moved - lies elsewhere now. */' > "$scratch/src/run/internal/moved.h"
[ "$(misnamed "$scratch")" = run/internal/moved.h ] || { echo "paths.sh does not find a misnamed header"; exit 1; }
