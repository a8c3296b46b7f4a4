#!/usr/bin/env bash
# clean_root.sh DEB... [ROOT] - installs the Debian packages in a root that holds nothing but Debian 12, and runs a smoke
# chain there. Needs root, debootstrap and the distribution's archive; several minutes and about 1.5 GB in ROOT (default:
# a temporary folder, removed at the end). Not part of the test suite: run it before a release.
#
#   cmake --preset package && cmake --build --preset package && cpack --preset deb
#   tests/package/clean_root.sh build/package/*.deb
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
debs=()
while [ $# -ge 1 ] && [[ $1 == *.deb ]]; do
  debs+=("$(realpath "$1")")
  shift
done
[ ${#debs[@]} -ge 1 ] || { echo "no package is named" >&2; exit 2; }
root=${1:-}
if [ -z "$root" ]; then
  root=$(mktemp -d)
  trap 'umount "$root/proc" 2> /dev/null || true; rm -rf "$root"' EXIT
else
  mkdir -p "$root"
  trap 'umount "$root/proc" 2> /dev/null || true' EXIT
fi

[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase bookworm "$root" > "$root.log" 2>&1 ||
  { tail -n 20 "$root.log" >&2; exit 1; }
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
# The root reaches the archive the way this machine does: name servers, proxies and checks of apt.
cp /etc/resolv.conf "$root/etc/resolv.conf"
{ grep -lE '^Acquire::(Check|Retries|https?::)' /etc/apt/apt.conf.d/* || true; } | while read -r file; do cp "$file" "$root$file"; done
rm -rf "$root/tmp/debs"
mkdir "$root/tmp/debs"
cp "${debs[@]}" "$root/tmp/debs/"

cat > "$root/tmp/smoke.sh" << 'END'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
apt-get update -qq > /dev/null
apt-get install -y -qq --no-install-recommends /tmp/debs/*.deb > /tmp/install.log 2>&1 || { tail -n 20 /tmp/install.log; exit 1; }
work=$(mktemp -d)
cd "$work"
set -x
synvid --version
synvid variants > variants.txt # not into head: that ends while the program still writes
head -n 5 variants.txt
test -s /usr/share/man/man1/synvid-pretrain.1.gz
bash -c 'source /usr/share/bash-completion/completions/synvid && complete -p synvid'
mpirun -n 2 synvid generate --variant standin-motion --split train --size 40 --videos 64 --out train
synvid generate --variant standin-motion --split test --size 40 --videos 32 --out test
mpirun -n 2 synvid pretrain --config vit_test --variant moving-shapes --clips 64 --epochs 1 --name moving --out runs
mpirun -n 2 synvid finetune --config vit_test --checkpoint runs/moving --train train --test test --epochs 1 --out runs
synvid verify train test
synvid report --runs runs --data . --out report
test -s report/index.html
if [ -e /usr/lib/python3/dist-packages/synvid ]; then # python3-synvid was given, too
  python3 -c 'import synvid; s = synvid.Source(variant="standin-motion", split="test", size=40, videos=32); assert (s[3] == synvid.Source("test")[3]).all()'
fi
if [ -e /usr/include/synvid.h ]; then # libsynvid-dev
  apt-get install -y -qq --no-install-recommends gcc libc6-dev pkg-config > /tmp/install.log 2>&1
  printf '#include <synvid.h>\nint main(void) { synvid_source *s; return synvid_source_open(&s, "{\\"dataset\\": \\"test\\"}"); }\n' > c.c
  # shellcheck disable=SC2046
  gcc c.c $(pkg-config --cflags --libs libsynvid) -o c && ./c
fi
END
chroot "$root" bash /tmp/smoke.sh
echo "clean root: the package installs and the chain runs"
