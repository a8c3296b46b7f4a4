#!/usr/bin/env bash
# What tools/install-dependencies.sh says on systems of each kind, told by a file in place of /etc/os-release, with package
# managers that only write down what they are asked.
# shellcheck source-path=SCRIPTDIR/../support
. "$2/tests/support/cli.sh"

mkdir bin
stub() { # stub NAME BODY
    printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
    chmod +x "bin/$1"
}
# On each of them all but cmake is there.
# shellcheck disable=SC2016  # the stubs expand it
stub dpkg-query 'for last; do :; done; [ "$last" = cmake ] || printf installed'
# shellcheck disable=SC2016
stub rpm 'for last; do :; done; [ "$last" != cmake ]'
stub apt-get "echo \"\$*\" >>$scratch/asked"
stub sudo 'exec "$@"'
export PATH=$scratch/bin:$PATH SYNVID_OS_RELEASE=$scratch/os-release

install_on() { # install_on CODE "OS-RELEASE" WHEN...
    local code=$1
    printf '%b\n' "$2" >os-release
    shift 2
    rm -f asked
    expect "$code" "$source/tools/install-dependencies.sh" "$@"
}

for system in 'ID=debian\nVERSION_ID="12"' 'ID=debian\nVERSION_ID="13"' 'ID=debian' 'ID=ubuntu\nID_LIKE=debian' \
    'ID=linuxmint\nID_LIKE="ubuntu debian"'; do
    install_on 0 "$system" build run
    says out 'Installing 1 packages: cmake'
    grep -q '^install .* cmake$' asked || fail "apt-get was asked: $(cat asked)"
done
install_on 0 'ID=debian' test
[ ! -e asked ] || fail "asked for what is there: $(cat asked)"

for system in 'ID=fedora\nVERSION_ID=41' 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"'; do
    install_on 1 "$system" build
    says err 'dnf install cmake'
    says err 'module load mpi/openmpi'
    install_on 0 "$system" test
done

install_on 1 'ID=plan9' build
says err 'This system is not known here. What synvid needs (build):'
says err '  HDF5 1.10 or newer, built with that MPI'
! grep -q gnuplot err || fail "what is needed to run is not needed to build"
SYNVID_INSTALL=no install_on 0 'ID=plan9' build

# Both lists name everything once, for the same occasions.
for list in debian fedora; do
    awk '!/^#/ && ($2 !~ /^(build|run|test|ci)$/ || seen[$1]++)' "$source/cmake/$list-packages.txt" >odd
    [ ! -s odd ] || fail "$list: $(cat odd)"
done
