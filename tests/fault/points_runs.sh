#!/usr/bin/env bash
# One rank of two fails, or is killed, alone at every fault point of the commands that learn and measure: all ranks
# end within seconds with one message, nothing half made has a final name, and the same command again succeeds.
. "$2/tests/support/fault_points.sh"
visits_of pretrain finetune probe analyze
