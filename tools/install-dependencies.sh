#!/usr/bin/env bash
# install-dependencies.sh WHEN... - installs the packages that cmake/ lists for the given occasions (build, run, test, ci).
# On Debian and Ubuntu with apt (root or sudo); on Fedora and its relatives it prints what to type; elsewhere it lists what
# is needed by what it is. Quick when all are there. Exits with 1 where something is left to do by hand; when that is
# done on a system whose packages cannot be looked up, SYNVID_INSTALL=no goes on without asking.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
[ "${SYNVID_INSTALL:-}" != no ] || exit 0

# What calls itself Ubuntu or Rocky is like Debian or Fedora; os-release says so.
family() {
  local ID='' ID_LIKE='' name
  # shellcheck disable=SC1090,SC1091
  [ ! -r "${SYNVID_OS_RELEASE:-/etc/os-release}" ] || . "${SYNVID_OS_RELEASE:-/etc/os-release}"
  for name in $ID $ID_LIKE; do
    case $name in
      debian | ubuntu) echo debian; return ;;
      fedora | rhel | centos) echo fedora; return ;;
    esac
  done
  echo other
}

# rows LIST: "package what it is" of the wanted occasions
rows() {
  local package occasion what wanted
  while read -r package occasion what; do
    case $package in '' | '#'*) continue ;; esac
    for wanted in "${occasions[@]}"; do [ "$wanted" != "$occasion" ] || printf '%s %s\n' "$package" "$what"; done
  done < "$here/cmake/$1"
}

is_installed() {
  case $system in
    debian) [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    fedora) rpm -q --quiet --whatprovides "$1" ;;
  esac
}

missing_of() { # missing_of LIST: fills `missing`
  local package
  while read -r package _; do is_installed "$package" || missing+=("$package"); done < <(rows "$1")
}

give_up() { # give_up WHY HOW: the list of what is missing between the two
  printf '%s\n' "$1" >&2
  printf '  %s\n' "${missing[@]}" >&2
  [ -z "${2:-}" ] || printf '%s\n' "$2" >&2
  exit 1
}

occasions=("$@") missing=()
system=$(family)
case $system in
  debian) missing_of debian-packages.txt ;;
  fedora)
    missing_of fedora-packages.txt
    [ ${#missing[@]} -eq 0 ] || give_up "These packages are missing:" \
      "Install them (Rocky, Alma, RHEL: first dnf install epel-release && dnf config-manager --set-enabled crb):
  dnf install ${missing[*]}
Then make MPI visible, and run this again: module load mpi/openmpi-$(uname -m)
EPEL has no Random123-devel: get its headers from its authors, and go on with SYNVID_INSTALL=no and cmake -DRANDOM123_INCLUDE_DIR=..."
    ;;
  *)
    mapfile -t missing < <(rows debian-packages.txt | cut -d ' ' -f 2-)
    give_up "This system is not known here. What synvid needs ($*):" \
      "Install these, then run this again with SYNVID_INSTALL=no in front. CMake names the first that it does not find."
    ;;
esac
[ ${#missing[@]} -gt 0 ] || exit 0

by_hand="Install these packages by hand and run this again:"
command -v apt-get > /dev/null || give_up "This system has no apt-get. $by_hand"
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo > /dev/null || give_up "Neither root nor sudo is at hand. $by_hand"
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" > "$log" 2>&1 && return
  tail -n 20 "$log" >&2
  give_up "apt-get $1 failed. $by_hand"
}
run_apt update -qq
run_apt install -y -qq --no-install-recommends "${missing[@]}"
