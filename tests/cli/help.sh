#!/usr/bin/env bash
# Every command explains itself: within 100 columns, without MPI, on stdout, exit code 0.
. "$2/tests/support/cli.sh"
forbid_mpi

commands() { # as the overview lists them
    "$synvid" --help | awk '/^[A-Z].*:$/ { list = !/^Start/ } list && /^  [a-z]/ { print $1 }'
}

expect 0 "$synvid" --help
fits out
says out 'Start here:'
says out 'The chain, in order:'
[ ! -s err ] || fail "--help talks on stderr"
cp out overview
expect 0 "$synvid" help
cmp -s out overview || fail "help differs from --help"
expect 2 "$synvid"
cmp -s out overview || fail "without arguments the overview was expected"

n=0
for command in $(commands); do
    expect 0 "$synvid" "$command" --help
    fits out
    says out "Usage: synvid $command"
    grep -qE '^(Options|Run):$' out || fail "$command --help lists no options"
    says out '--help'
    cp out page
    expect 0 "$synvid" "$command" -h
    cmp -s out page || fail "$command: -h differs from --help"
    expect 0 "$synvid" help "$command"
    cmp -s out page || fail "help $command differs from $command --help"
    expect 0 "$synvid" man "$command"
    says out ".TH \"synvid-$command\" 1"
    expect 2 "$synvid" "$command" --no-such-option
    once "synvid $command: error: unknown option \"--no-such-option\""
    n=$((n + 1))
done
[ "$n" -ge 3 ] || fail "only $n commands in the overview"

expect 0 "$synvid" man
says out '.SH EXIT STATUS'
expect 0 "$synvid" completion bash
bash -n out || fail "the completion script does not parse"
complete() { # complete EXPECTED WORD...: the last word completes to this
    local expected=$1 found
    shift
    # shellcheck disable=SC2016  # evaluated by the inner shell
    found=$(bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _synvid; echo "${COMPREPLY[*]}"' \
        - out synvid "$@")
    [ "$found" = "$expected" ] || fail "\"$*\" completes to \"$found\" instead of \"$expected\""
}
complete 'config' conf
complete '--seed=' generate --see
complete 'explain' config ex
complete 'generate' config explain gen
complete 'accelerating-images' generate --variant accelerating-i
complete 'transforming-shapes' generate --variant = transf
complete '' inspect some-fi
