#!/usr/bin/env bash
# arm64.sh FOLDER [CTEST_ARGUMENT...] - cross-compiles this tree for 64-bit Arm and tests it under qemu: the unit tests, tests on ranks
# and the digest table; with arguments, the tests that ctest selects by them. FOLDER keeps the root of arm64's packages
# (about 1 GB, downloaded and unpacked, nothing of it runs while building) and the build from run to run.
# It wants Debian, with the packages gcc-aarch64-linux-gnu and qemu-user or qemu-user-static.
# Tests of the paper's own sizes are skipped there, by name (skip_if_emulated): they would take hours.
#
# Exit codes: 0  all passed     1  something failed there     77  it cannot be tried here: the reason is printed
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
folder=$(realpath "$1")
root=$folder/root build=$folder/build
shift

skip() { echo "SKIPPED: no check on arm64: $*"; exit 77; }
step() { # step NAME COMMAND...: its output is shown when it fails
  local name=$1
  shift
  "$@" > "$folder/$name.log" 2>&1 || { tail -n 60 "$folder/$name.log"; echo "FAILED on arm64: $name"; exit 1; }
  echo "arm64: $name: $(tail -n 1 "$folder/$name.log")"
}

# Shell scripts and mpirun are this machine's, which may start the programs as if they were its own: the kernel is told
# of the emulator, in a namespace that only this script and its children see (Linux 6.7).
if [ -z "${SYNVID_OWN_FORMATS:-}" ]; then
  emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || skip "it needs qemu-user"
  command -v aarch64-linux-gnu-gcc > /dev/null || skip "it needs gcc-aarch64-linux-gnu"
  command -v apt-get > /dev/null || skip "it needs apt"
  unshare --user --map-root-user --mount mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2> /dev/null ||
    skip "programs of another processor cannot be announced to this kernel"
  SYNVID_OWN_FORMATS=$emulator exec unshare --user --map-root-user --mount bash "$0" "$folder" "$@"
fi
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
# The head of an executable or shared object of machine 183, little-endian; its own interpreter is opened at once (F).
printf '%s' ':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:' \
  "$SYNVID_OWN_FORMATS:F" > /proc/sys/fs/binfmt_misc/register

# apt resolves for arm64 alone, in folders of its own: this machine's packages and lists stay as they are.
apt_of_root() {
  apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$folder/apt/state" -o Dir::Cache="$folder/apt/cache" \
    -o Dir::State::status="$folder/apt/status" -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferencesparts=- -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

# Symbolic links to /... would leave the root; alternatives, which packages set up when they are configured, are missing.
settle_root() {
  local link name lib=$root/usr/lib/aarch64-linux-gnu
  find "$root" -type l -lname '/*' | while read -r link; do ln -sfnr "$root$(readlink "$link")" "$link"; done
  for name in libopenblas.so libopenblas.so.0 libblas.so.3 liblapack.so.3; do ln -sf "openblas-pthread/$name" "$lib/$name"; done
  for name in openblas blas lapack; do
    ln -sf "../openblas-pthread/pkgconfig/$(cd "$lib/openblas-pthread/pkgconfig" && echo "$name"*.pc)" "$lib/pkgconfig/$name.pc"
  done
}

if [ ! -e "$folder/.made" ]; then
  # shellcheck disable=SC1091
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mapfile -t packages < <(awk '($2 == "build" || $2 == "test") && $1 ~ /^lib.*-dev$/ { print $1 }' "$source/cmake/debian-packages.txt")
  rm -rf "$root" "$folder/apt"
  mkdir -p "$root" "$folder"/apt/{state/lists/partial,cache/archives/partial}
  : > "$folder/apt/status"
  # The archive that this machine installs from.
  # shellcheck disable=SC2016
  archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 'Component: main' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }')
  [ -n "$archive" ] || skip "apt names no archive of $suite; has apt-get update been run?"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" > "$folder/apt/sources.list"
  { apt_of_root update && apt_of_root install -y --download-only libgomp1 "${packages[@]}"; } > "$folder/download.log" 2>&1 ||
    skip "its packages cannot be had, see $folder/download.log: $(tail -n 1 "$folder/download.log")"
  for package in "$folder"/apt/cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner -C "$root"; done
  settle_root
  rm -r "$folder/apt/cache"
  touch "$folder/.made"
fi

export SYNVID_SYSROOT=$root QEMU_LD_PREFIX=$root
# Two processors share no locks and read no memory of each other by the kernel's help: PMIx and Open MPI send messages.
export PMIX_MCA_gds=hash OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1
cd "$source"
step configure cmake --preset arm64 -B "$build" -DSYNVID_WERROR="${SYNVID_WERROR:-OFF}"
step build cmake --build "$build" -j "$(nproc)"
if [ $# -gt 0 ]; then
  exec ctest --test-dir "$build" --output-on-failure "$@"
fi
step unit ctest --test-dir "$build" -L unit -E reliability -j "$(nproc)" --output-on-failure
step ranks ctest --test-dir "$build" -R '^par\.(agree|spread|reduce)\.n[12]$' --output-on-failure
step digests bash tests/golden/outputs.sh "$build/synvid" "$source" --data
echo "arm64: all passed"
