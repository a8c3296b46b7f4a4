#!/usr/bin/env bash
# local.sh SWEEP [options] - a whole sweep on this machine, as many tasks at once as the cores hold.
#   jobs/local.sh configs/sweeps/progression.json --out progression
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -f "$here/site.sh" ] || . "$here/site.sh"
exec synvid sweep run "$@"
