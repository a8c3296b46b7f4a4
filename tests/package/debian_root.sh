#!/usr/bin/env bash
# debian_root.sh SUITE FOLDER [MINUTES] - builds this tree in a root that holds nothing but one Debian (trixie, sid, bookworm) and
# runs there the unit tests, a test on ranks, the smoke sweep and the digest table. The root is made once in FOLDER
# (debootstrap, about 2.5 GB) and kept, with its compiler cache: a second run takes a few minutes.
#
# Exit codes: 0  all passed     1  something failed there
#             77 such a root cannot be had here, or not within MINUTES (default 60): the reason is printed
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd)
suite=$1 minutes=${3:-60}
mkdir -p "$2"
root=$(realpath "$2")/$suite
deadline=$((SECONDS + 60 * minutes))

skip() { echo "SKIPPED: no check on Debian $suite: $*"; exit 77; }
left() { # seconds until the deadline
  local seconds=$((deadline - SECONDS))
  [ "$seconds" -gt 5 ] || skip "it takes longer than the $minutes minutes it was given here; a later run goes on from here"
  echo "$seconds"
}

[ "$(id -u)" = 0 ] || skip "it needs root"
command -v debootstrap > /dev/null || skip "it needs debootstrap"
if [ ! -e "$root/.made" ]; then
  rm -rf "$root"
  timeout "$(left)" debootstrap --variant=minbase --include=ca-certificates,ccache "$suite" "$root" > "$root.log" 2>&1 ||
    skip "debootstrap could not make a root, see $root.log: $(tail -n 1 "$root.log")"
  touch "$root/.made"
fi

# Mounts are this process's own: they are gone when it ends, however it ends.
[ -n "${SYNVID_OWN_MOUNTS:-}" ] || {
  unshare --mount true 2> /dev/null || skip "mounts of its own are not allowed here"
  SYNVID_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$1" "$2" "$(((deadline - SECONDS) / 60))"
}
mkdir -p "$root/src" "$root/build" "$root/cache"
{
  mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --bind "$source" "$root/src" &&
    mount -o remount,bind,ro "$root/src"
} 2> "$root.mount.log" || skip "its folders cannot be mounted: $(head -n 1 "$root.mount.log")"
# The root reaches the archive the way this machine does: name servers, certificates, checks of apt.
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
{ grep -lE '^Acquire::(Check|Retries|https?::)' /etc/apt/apt.conf.d/* || true; } | while read -r file; do cp "$file" "$root$file"; done

inside() { # inside COMMAND...
  timeout "$(left)" chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CCACHE_DIR=/cache \
    CCACHE_BASEDIR=/src CMAKE_C_COMPILER_LAUNCHER=ccache OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
    OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe "$@"
}
step() { # step NAME COMMAND...: its output is shown when it fails; a time-out is no failure
  local name=$1 code=0
  shift
  inside "$@" > "$root.$name.log" 2>&1 || code=$?
  [ "$code" -ne 124 ] || skip "\"$name\" did not end within the $minutes minutes given; a later run goes on from here"
  [ "$code" -eq 0 ] || { tail -n 60 "$root.$name.log"; echo "FAILED on Debian $suite: $name"; exit 1; }
  echo "Debian $suite: $name: $(tail -n 1 "$root.$name.log")"
}

inside /src/tools/install-dependencies.sh build run test > "$root.install.log" 2>&1 ||
  skip "its packages could not be installed, see $root.install.log: $(tail -n 1 "$root.install.log")"
step configure cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSYNVID_WERROR="${SYNVID_WERROR:-OFF}"
step build cmake --build /build -j "$(nproc)"
# reliability.memory takes minutes and looks for faults of the program, not of the system.
step unit ctest --test-dir /build -L unit -E reliability -j "$(nproc)" --output-on-failure
step ranks ctest --test-dir /build -R '^par\.(agree|exchange|reduce|trainer)\.n[123]$' --output-on-failure
step digests bash /src/tests/golden/outputs.sh /build/synvid /src --data
# Not what an earlier run has finished in a root that is kept.
step smoke bash -c "rm -rf /tmp/smoke && /build/synvid sweep run smoke --out /tmp/smoke"
echo "Debian $suite: all passed"
