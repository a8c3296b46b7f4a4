#!/usr/bin/env bash
# layers.sh refuses what it is there for: each row plants one include in a copy of the sources.
#   layers_refuses.sh SYNVID SOURCE_DIR
set -euo pipefail
source=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$source/src" "$scratch/src"

check() { bash "$source/tests/lint/layers.sh" none "$scratch" 2>&1; }

check || { echo "the copy is refused as it is"; exit 1; }

# refuses FILE INCLUDE MESSAGE: with this include in this file the test fails and says so
refuses() {
    local said
    cp "$scratch/src/$1" "$scratch/kept"
    printf '#include %s\n' "$2" >> "$scratch/src/$1"
    if said=$(check); then
        echo "src/$1 may include $2"
        exit 1
    fi
    case $said in *"$3"*) ;; *) echo "src/$1 with $2: \"$said\" does not say \"$3\""; exit 1 ;; esac
    mv "$scratch/kept" "$scratch/src/$1"
}

refuses cli/commands/cmd_bench.c '"bench/internal/harness.h"' 'bench/internal/harness.h is private to src/bench/'
refuses analysis/report/report.c '"analysis/measure/internal/formulas.h"' 'private to src/analysis/measure/'
refuses analysis/compare/paper.c '"analysis/report/internal/figures.h"' 'private to src/analysis/report/'
refuses base/text/text.c '"math/rng.h"' 'base may not include math/rng.h'
refuses nn/layers/linear.c '"par/par.h"' 'nn may not include par/par.h'
refuses nn/layers/linear.c '<mpi.h>' 'nn may not see <mpi.h>'
refuses analysis/measure/metric.c '<hdf5.h>' 'analysis may not see <hdf5.h>'
refuses gen/objects/scene.c '"render.h"' 'is not written from src/'
check || { echo "the copy is refused after its rows were taken back"; exit 1; }
