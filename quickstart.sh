#!/usr/bin/env bash
# quickstart.sh - the whole experiment at small scale: real photographs and videos are fetched, datasets generated,
# models pre-trained, fine-tuned and probed, datasets analyzed, and a report written. About 15 minutes on two cores after
# the installation. Safe to run again: what is finished stays.
#
#   ./quickstart.sh [DIR]        work in DIR (default: ./quickstart)
#
# It installs the Debian packages it builds with (root or sudo). Photographs and videos come out of Debian packages that
# are downloaded (at most 250 MB) and unpacked, not installed; where they cannot be had, procedural pictures take their
# place and the report says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
mkdir -p "${1:-quickstart}"
work=$(cd "${1:-quickstart}" && pwd)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

step() { printf '\n== %s\n' "$*"; }
quietly() { # LOG COMMAND...
  local log=$1
  shift
  "$@" > "$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
}

step "1/4 installing what is missing"
"$here/tools/install-dependencies.sh" build run
step "2/4 building"
(
  cd "$here"
  quietly "$work/configure.log" cmake --preset release -DBUILD_TESTING=OFF
  quietly "$work/build.log" cmake --build --preset release -j "$(nproc)"
)
synvid=$here/build/release/synvid

step "3/4 fetching photographs and videos"
media=$work/media
sweep=quickstart
if ! "$here/tools/fetch-media.sh" "$media"; then
  echo "No natural media could be had: procedural pictures take their place, and the report says so."
  sweep=quickstart-procedural
fi

step "4/4 running the chain (synvid sweep run $sweep)"
started=$SECONDS
"$synvid" sweep run "$sweep" --out "$work" --var media="$media"
echo
echo "Done in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s. Open the report:"
echo "  $work/report/index.html"
