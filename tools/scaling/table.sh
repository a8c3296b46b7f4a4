#!/usr/bin/env bash
# table.sh [OUT] - all simulated cases of docs/scaling.md into OUT/simulated.tsv (default docs/scaling), and the figure.
# What is there already stays; delete the file to simulate again (about half an hour on one core).
#
# A rank is a node of as many cores as clips; every core computes one clip of a step. The seconds are measured: 335 and
# 1,300 GFLOP a clip at the rate `synvid bench step` prints for ViT-B on one core.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../docs/scaling}
export SCALING_FOLD=16
SCALING_WORK=$(mktemp -d)
export SCALING_WORK
trap 'rm -rf "$SCALING_WORK"' EXIT
mkdir -p "$out"
table=$out/simulated.tsv
[ -s "$table" ] || printf 'model\tkind\tranks\tlink_GB_s\tstep_s\treduce_scatter_s\tall_gather_s\trest_s\tefficiency\n' > "$table"

simulate() { # MODEL PARAMETERS COMPUTE_S KIND RANKS LINK
  local key
  key=$(printf '%s\t%s\t%s\t%s\t' "$1" "$4" "$5" "$6")
  ! grep -qF "$key" "$table" || return 0
  "$here/simulate.sh" "$5" "$4" "$2" "$3" "$6" | { read -r line; printf '%s %s\n' "$1" "$line" | tr ' ' '\t'; } >> "$table"
}

for ranks in 16 64 256 1024; do
  for kind in tree mpi; do
    simulate ViT-B 94210944 2.05 "$kind" "$ranks" 12.5
    simulate ViT-L 342996992 8.0 "$kind" "$ranks" 12.5
  done
  simulate ViT-B 94210944 2.05 tree "$ranks" 3.125
done
gnuplot -e "table='$table'; out='$out/efficiency.svg'" "$here/efficiency.gp"
