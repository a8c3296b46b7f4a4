#!/usr/bin/env bash
# simulate.sh - simulated training steps of the exchange's own code on a fat tree, one line a case (docs/scaling.md).
#
#   tools/scaling/simulate.sh RANKS KIND PARAMETERS COMPUTE_S [UPDATE_S [GBYTES_PER_S]]
#   tools/scaling/simulate.sh 64 tree 94210944 60
#
# Sizes, rates and latencies are divided or multiplied by SCALING_FOLD (default 16): a step of a sixteenth of the
# parameters over links a sixteenth as fast with sixteen times the latency takes the same time and a sixteenth of the
# messages to simulate.
# SCALING_LEAVES (default: one a rank) and SCALING_TEAMS (1) decide which runs of leaves the ranks have.
# KIND is tree or mpi. COMPUTE_S is what a rank computes in a step, UPDATE_S the update of all parameters on one rank.
# Prints: kind ranks link step_s reduce_scatter_s all_gather_s rest_s efficiency. Needs libsimgrid-dev.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../src
ranks=$1 kind=$2 parameters=$3 compute=$4 update=${5:-0.1} rate=${6:-12.5}
command -v smpicc > /dev/null || { echo "simulate.sh: no smpicc; install libsimgrid-dev" >&2; exit 77; }
work=${SCALING_WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${SCALING_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
if [ ! -x "$work/step" ]; then
  smpicc -O2 -std=gnu17 -include "$here/blocking.h" -D_GNU_SOURCE -I"$source" -o "$work/step.new" \
    "$here/step.c" "$here/stand_ins.c" \
    "$source"/par/{reduce,halving,slices,sites,treesum,leaves,agree,share,spread}.c \
    "$source"/base/failure/{err,fault}.c "$source"/base/text/*.c "$source"/base/system/{log,stop,memory,clock,digest}.c -lxxhash -lcjson -lgomp -lm
  mv "$work/step.new" "$work/step"
fi
fold=${SCALING_FOLD:-16}
"$here/fat_tree.sh" "$ranks" "$(awk "BEGIN { print $rate / $fold }")" "$fold" > "$work/tree-$ranks-$rate.xml"
seq -f 'node-%.0f' 0 $((ranks - 1)) > "$work/hosts-$ranks"
# Folded memory in large blocks (the kernel limits mappings); collectives as Open MPI chooses them: SimGrid's own default
# is no algorithm a real library uses.
smpirun -np "$ranks" -hostfile "$work/hosts-$ranks" -platform "$work/tree-$ranks-$rate.xml" \
  --cfg=smpi/host-speed:1Gf --cfg=smpi/simulate-computation:no --cfg=smpi/coll-selector:ompi --cfg=smpi/allreduce:rdb \
  --cfg=network/crosstraffic:0 --cfg=smpi/shared-malloc-blocksize:67108864 \
  --cfg=smpi/send-is-detached-thresh:$((65536 / fold)) --cfg=contexts/stack-size:256 --log=root.thres:warning \
  "$work/step" "$kind" $((parameters / fold)) "$compute" "$update" "${SCALING_STEPS:-1}" \
  "${SCALING_LEAVES:-$ranks}" "${SCALING_TEAMS:-1}" |
  awk -v kind="$kind" -v rate="$rate" -v compute="$compute" \
    'NF == 5 { printf "%s %d %g %.4f %.4f %.4f %.4f %.3f\n", kind, $1, rate, $2, $3, $4, $5, compute / $2; ok = 1 } END { exit !ok }'
