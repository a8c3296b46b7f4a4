#!/usr/bin/env bash
# install-dependencies.sh WHEN... - installs the Debian packages that cmake/debian-packages.txt lists for the given
# occasions (build, run, test, ci). Quick when all are there. Exits with 1 and a list where apt is not to be had.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
packages=()
while read -r package occasion _; do
  case $package in '' | '#'*) continue ;; esac
  for wanted in "$@"; do [ "$wanted" != "$occasion" ] || packages+=("$package"); done
done < "$here/cmake/debian-packages.txt"

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=()
if command -v dpkg-query > /dev/null; then
  for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || exit 0
else
  missing=("${packages[@]}")
fi

say_by_hand() {
  printf '%s\n' "$1" "Install these by hand (Debian 12 names) and run this again:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 1
}
command -v apt-get > /dev/null || say_by_hand "This system has no apt-get."
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo > /dev/null || say_by_hand "Neither root nor sudo is at hand."
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" > "$log" 2>&1 || { tail -n 20 "$log" >&2; say_by_hand "apt-get $1 failed."; }; }
run_apt update -qq
run_apt install -y -qq --no-install-recommends "${missing[@]}"
