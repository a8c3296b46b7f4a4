#!/usr/bin/env bash
# strong.sh [OUT] - one pre-training of the paper on more and more cores: OUT/strong.tsv (default docs/scaling).
# What is there already stays; delete the file to simulate again (about a quarter of an hour on one core, and 15 GB
# of memory for 64 nodes).
#
# Leaves are clips: 256 a step of ViT-B, 128 of ViT-L. Threads that a node has beyond its leaves work in teams.
# Measured: seconds of a clip on one core (float32: 335 and 1,300 GFLOP at 163 GFLOP/s; bfloat16: that by the ratio of
# docs/precision.md, 1.663 / 3.087). Simulated: exchange, gather and the rest (simulate.sh). Assumed: what a doubling of
# a team keeps of its speed, and GB/s of memory for each core of a node, which the sums of its own leaves take:
# one and a half vectors of gradients a leaf of the last round (train/leaftail: buffers are read once, half of them are
# written), three a leaf before.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../docs/scaling}
kept=0.95 core_share=3.125
export SCALING_FOLD=16
SCALING_WORK=${SCALING_WORK:-$(mktemp -d)}
export SCALING_WORK
table=$out/strong.tsv
mkdir -p "$out"
[ -s "$table" ] || printf '%s\n' "model precision way link_GB_s nodes cores_a_node cores threads_a_leaf computing_s sums_s reduce_scatter_s all_gather_s rest_s step_s hours" | tr ' ' '\t' > "$table"

calc() { awk "BEGIN { $1 }"; }

simulate() { # MODEL PRECISION WAY LINK NODES CORES
  local parameters leaves clip steps key line rounded=0 early=1
  case $1 in
    ViT-B) parameters=94210944 leaves=256 clip=2.05 steps=118400 ;;
    ViT-L) parameters=342996992 leaves=128 clip=8.0 steps=236800 ;;
  esac
  if [ "$2" = bfloat16 ]; then clip=$(calc "print $clip * 1.663 / 3.087") rounded=1; fi
  if [ "$3" = late ]; then early=0 rounded=0; fi
  key=$(printf '%s\t%s\t%s\t%s\t%s\t%s\t' "$@")
  ! grep -qF "$key" "$table" || return 0
  local here_leaves=$(((leaves + $5 - 1) / $5)) # of the fullest node
  local team=$(($6 / here_leaves)) rounds=$(((here_leaves + $6 - 1) / $6))
  [ "$team" -ge 1 ] || team=1
  local computing sums node
  computing=$(calc "print $rounds * $clip / ($team * $kept ^ (log($team) / log(2)))")
  node=$(calc "print $core_share * $6")
  local teams=$(($6 / team)) last # leaves of the last round, of which a sum reads buffers once
  last=$((here_leaves < teams ? here_leaves : teams))
  sums=$(calc "print (1.5 * $last + 3 * ($here_leaves - $last)) * $parameters * 4e-9 / $node")
  if [ "$5" -eq 1 ]; then
    line="- 1 - $(calc "s = 7 * $parameters * 4e-9 / $node; print $computing + $sums + s, 0, 0, s") -"
  else
    line=$(SCALING_LEAVES=$leaves SCALING_TEAMS=$teams SCALING_THREADS=$team SCALING_EARLY=$early \
      SCALING_ROUNDED=$rounded SCALING_NODE=$node "$here/simulate.sh" "$5" tree "$parameters" \
      "$(calc "print $computing + $sums")" "$4")
  fi
  printf '%s\n' "$line" | awk -v OFS='\t' -v key="$key" -v cores=$(($5 * $6)) -v team="$team" -v computing="$computing" \
    -v sums="$sums" -v steps="$steps" \
    '{ printf "%s%d\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.1f\n", key, cores, team, computing, sums, $5, $6, $7, $4,
       steps * $4 / 3600 }' >> "$table"
}

each_size() { # MODEL PRECISION WAY LINK
  for shape in "1 64" "4 64" "16 64" "1 96" "3 96" "11 96" "1 128" "2 128" "8 128" "1 192" "2 192" "6 192" "16 256" \
    "22 192" "32 128" "43 96" "64 64"; do
    # shellcheck disable=SC2086  # two words
    simulate "$@" $shape
  done
}

for link in 12.5 3.125; do
  for model in ViT-B ViT-L; do
    for precision in float32 bfloat16; do
      each_size $model $precision early $link
      for nodes in 4 16; do simulate $model $precision late $link $nodes 64; done
    done
  done
done
