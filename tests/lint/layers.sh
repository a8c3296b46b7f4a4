#!/usr/bin/env bash
# Includes go downward only; each outside library is seen by the layers that own it, also through other headers; what lies
# in an internal/ folder is included only from the folder (a layer or a room) that holds it.
#   layers.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2/src"

# folder: the folders it may include besides itself (the table of ARCHITECTURE.md)
rules='
base:
math: base
par: base math
video: base math
nn: base math
store: base math par video
run: base math par video store
features: base math par video store nn
gen: base math par video store
train: base math par video store run nn
eval: base math par video store run nn train
analysis: base math par video store run nn features
sweep: base
api: base math par video store run nn features gen train analysis
bench: base math par video store run nn features gen train eval analysis
cli: base math par video store run nn features gen train eval analysis api bench sweep
'
# header: the folders that may see it
libraries='
mpi.h: par store run features gen train eval analysis api bench cli
hdf5.h: store
libav: video
libsw: video
turbojpeg.h: video
cblas.h: nn math bench
lapacke.h: math
fftw3.h: math
'

# shellcheck disable=SC2016  # the dollars are awk's
find . -name '*.[ch]' -printf '%P\n' | sort | xargs awk -v rules="$rules" -v libraries="$libraries" '
    function folder_of(file) { sub("/.*", "", file); return file }
    function learn(text, table,    lines, n, i, name) {
        n = split(text, lines, "\n")
        for (i = 1; i <= n; i++) {
            if (!lines[i]) continue
            name = lines[i]; sub(":.*", "", name)
            table[name] = lines[i] " "
        }
    }
    function complain(text) { print text; bad = 1 }
    # Every outside header that `file` sees, itself or through ours, against the folder it is seen from.
    function look(file, from, way,    i, n, list, name, library) {
        if (seen[file]++) return
        n = split(outside[file], list, "\n")
        for (i = 1; i <= n; i++)
            for (library in sees)
                if (index(list[i], library) == 1 && index(sees[library], " " from " ") == 0)
                    complain("src/" way ": " from " may not see <" list[i] ">")
        n = split(inside[file], list, "\n")
        for (i = 1; i <= n; i++)
            if (list[i]) look(list[i], from, way " -> " list[i])
    }
    BEGIN { learn(rules, may); learn(libraries, sees) }
    { file = FILENAME; folder = folder_of(file) }
    FNR == 1 { files[++n_files] = file }
    /^#include "/ {
        split($0, part, "\""); target = part[2]; inside[file] = inside[file] "\n" target
        if (index(target, "/") == 0) { complain("src/" file ": \"" target "\" is not written from src/"); next }
        if (at = index(target, "/internal/")) {
            room = substr(target, 1, at)
            if (index(file, room) != 1) complain("src/" file ": " target " is private to src/" room)
        }
        other = folder_of(target)
        if (folder == file) next  # src/main.c
        if (!(folder in may)) { complain("src/" file ": the folder " folder " has no rule"); next }
        if (other != folder && index(may[folder], " " other " ") == 0)
            complain("src/" file ": " folder " may not include " target)
    }
    /^#include </ { split($0, part, "[<>]"); outside[file] = outside[file] "\n" part[2] }
    END {
        for (i = 1; i <= n_files; i++) {
            if (folder_of(files[i]) == files[i]) continue
            delete seen
            look(files[i], folder_of(files[i]), files[i])
        }
        if (!n_files) complain("no sources found")
        exit bad
    }'
