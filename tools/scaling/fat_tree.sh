#!/usr/bin/env bash
# fat_tree.sh RANKS [GBYTES_PER_S [LATENCY_US]] - a SimGrid platform on stdout: one rank a node, 16 nodes a leaf switch,
# full bisection, links of the given rate in either direction (default 12.5 GB/s, that is 100 Gbit/s, and 1 us).
set -euo pipefail
ranks=$1 rate=${2:-12.5} latency=${3:-1}
leaf=$((ranks < 16 ? ranks : 16))
switches=$(((ranks + leaf - 1) / leaf)) # the last one may be half empty
shape="1;$leaf;1;1"
[ "$switches" -eq 1 ] || shape="2;$leaf,$switches;1,$leaf;1,1"
cat << END
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <zone id="world" routing="Full">
    <cluster id="tree" prefix="node-" suffix="" radical="0-$((switches * leaf - 1))" speed="1Gf" bw="${rate}GBps" lat="${latency}us"
             loopback_bw="20GBps" loopback_lat="100ns" topology="FAT_TREE" topo_parameters="$shape"
             sharing_policy="SPLITDUPLEX"/>
  </zone>
</platform>
END
