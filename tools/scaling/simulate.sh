#!/usr/bin/env bash
# simulate.sh - a simulated training step of the exchange's own code on a fat tree (docs/scaling.md), one line.
#
#   tools/scaling/simulate.sh RANKS KIND PARAMETERS COMPUTE_S [GBYTES_PER_S]
#   tools/scaling/simulate.sh 64 tree 94210944 0.157
#
# KIND is tree or mpi. COMPUTE_S is what a rank computes in a step. In the environment, with defaults:
#   SCALING_LEAVES (one a rank)  SCALING_TEAMS (1)   leaves of a step, and how many a rank computes at a time
#   SCALING_THREADS (1)                              threads of a team
#   SCALING_EARLY (1)            SCALING_LATE (0.4)  exchange sections during the last part of computing
#   SCALING_ROUNDED (0)                              gather parameters in two bytes each
#   SCALING_CORE (10)            SCALING_NODE (200)  GB/s that a core, a node, reads or writes memory with
#   SCALING_STEPS (1)            SCALING_FOLD (16)
# Sizes and rates are divided and latencies multiplied by SCALING_FOLD: a step of a sixteenth of the parameters over
# links a sixteenth as fast with sixteen times the latency takes the same time and a sixteenth of the messages to simulate.
# Prints: kind ranks link step_s reduce_scatter_s all_gather_s rest_s efficiency. Needs libsimgrid-dev.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../src
ranks=$1 kind=$2 parameters=$3 compute=$4 rate=${5:-12.5}
command -v smpicc > /dev/null || { echo "simulate.sh: no smpicc; install libsimgrid-dev" >&2; exit 77; }
work=${SCALING_WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${SCALING_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
if [ ! -x "$work/step" ]; then
  smpicc -O2 -std=gnu17 -include "$here/blocking.h" -D_GNU_SOURCE -I"$source" -o "$work/step.new" \
    "$here/step.c" "$here/stand_ins.c" \
    "$source"/par/{reduce,halving,slices,wire,sites,treesum,leaves,agree,share,spread}.c \
    "$source"/base/failure/{err,fault}.c "$source"/base/text/*.c \
    "$source"/base/system/{log,stop,memory,clock,digest,team}.c -lxxhash -lcjson -lgomp -lm
  mv "$work/step.new" "$work/step"
fi
fold=${SCALING_FOLD:-16}
calc() { awk "BEGIN { printf \"%.9g\", $1 }"; }
"$here/fat_tree.sh" "$ranks" "$(calc "$rate / $fold")" "$fold" > "$work/tree-$ranks-$rate.xml"
seq -f 'node-%.0f' 0 $((ranks - 1)) > "$work/hosts-$ranks"
# Folded memory in large blocks (the kernel limits mappings); collectives as Open MPI chooses them: SimGrid's own default
# is no algorithm a real library uses. Factors are those of large messages, which folded ones stand for.
smpirun -np "$ranks" -hostfile "$work/hosts-$ranks" -platform "$work/tree-$ranks-$rate.xml" \
  --cfg=smpi/host-speed:1Gf --cfg=smpi/simulate-computation:no --cfg=smpi/coll-selector:ompi --cfg=smpi/allreduce:rdb \
  --cfg=network/crosstraffic:0 --cfg=maxmin/concurrency-limit:4 --cfg=smpi/shared-malloc-blocksize:67108864 \
  --cfg=smpi/test:0 --cfg=smpi/bw-factor:0:0.94 --cfg=smpi/lat-factor:0:11.6 \
  --cfg=smpi/send-is-detached-thresh:$((65536 / fold)) --cfg=contexts/stack-size:256 --log=root.thres:warning \
  "$work/step" "$kind" $((parameters / fold)) "${SCALING_STEPS:-1}" "${SCALING_LEAVES:-$ranks}" "${SCALING_TEAMS:-1}" \
  "$compute" "$(calc "$compute * ${SCALING_LATE:-0.4}")" "${SCALING_EARLY:-1}" "${SCALING_ROUNDED:-0}" \
  "$(calc "$parameters * 4e-9 / ${SCALING_CORE:-10}")" "$(calc "$parameters * 4e-9 / ${SCALING_NODE:-200}")" \
  "${SCALING_THREADS:-1}" |
  awk -v kind="$kind" -v rate="$rate" -v compute="$compute" \
    'NF == 5 { printf "%s %d %g %.4f %.4f %.4f %.4f %.3f\n", kind, $1, rate, $2, $3, $4, $5, compute / $2; ok = 1 } END { exit !ok }'
