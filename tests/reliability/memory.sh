#!/usr/bin/env bash
# Out of memory: one allocation after the other fails, and the command ends with exit code 5 and one message that speaks
# of memory, without a crash, a partial file, or anything but whole files under final names; the same command again
# succeeds and ends in the bytes of a run that never lacked memory.
#   memory.sh SYNVID SOURCE_DIR ALLOCATOR [COUNT|every [COMMAND...]]
# ALLOCATOR is failing_allocator.so, which says what counts as an allocation. COUNT are tried of each COMMAND (generate,
# ingest, pretrain, finetune, analyze), each from another place in the program, and all there are of a small one; every:
# all, which takes hours. Of each four one is an allocation after which none succeeds. Where the C library can do without
# what it asked for (the buffer of a file), the command has to succeed with all it makes.
# shellcheck source-path=SCRIPTDIR/../support
allocator=$(realpath "$3") count=${4:-40}
. "$2/tests/support/fault.sh"
# shellcheck source=../support/outcome.sh
. "$source/tests/support/outcome.sh"
shift $(($# < 4 ? $# : 4))
commands=("$@")
[ $# -gt 0 ] || commands=(small generate ingest pretrain finetune analyze)
# What a failed allocation leaves behind goes with the process; the last of the settings holds.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1

# starved VARIABLE=VALUE...: `command` under the allocator; its exit code is in $code
starved() {
    code=0
    timeout -k 5 "$PATIENCE_S" env "$@" LD_PRELOAD="$allocator" "$synvid" "${command[@]}" >out 2>err || code=$?
}

# which NAME: `numbers`, the allocations to try
which() {
    starved ALLOC_COUNT=counted
    [ $code -eq 0 ] || { cat err; fail "$1 does not run under the allocator"; }
    total=$(wc -l <counted)
    [ "$total" -gt 50 ] || fail "$1 makes $total allocations: they are not counted"
    if [ "$count" = every ] || [ "$1" = small ]; then
        mapfile -t numbers < <(seq "$total")
    else # places of the program, evenly: the first allocation of each
        mapfile -t numbers < <(awk '!seen[$2]++ { print $1 }' counted | sort -n |
            awk -v count="$count" '{ n[NR] = $1 } END { for (i = 0; i < count && i < NR; i++) print n[int(i * (NR < count ? 1 : NR / count)) + 1] }')
    fi
}

# as_ever: what `command` made is what it makes when nothing fails
as_ever() {
    mkdir -p work
    contents work | cmp -s - reference.contents
}

# judge NAME NUMBER KIND: what the starved command did
judge() {
    local what="$1, $3=$2"
    if [ $code -eq 0 ]; then
        ! grep -q ' error: ' err || { cat err; fail "$what: an error and exit code 0"; }
        as_ever || { cat err hit; fail "$what: exit code 0, and not all of it is there"; }
        without=$((without + 1))
        return
    fi
    [ $code -eq 5 ] || { cat err hit; fail "$what: exit code $code instead of 5"; }
    [ "$(grep -c ' error: ' err)" -eq 1 ] || { cat err hit; fail "$what: not exactly one error"; }
    grep -a ' error: ' err | grep -aq memory || { cat err hit; fail "$what: the error does not speak of memory"; }
    [ -e hit ] || fail "$what: exit code 5 although no allocation failed"
    [ -d work ] || return 0
    [ -z "$(find work -name '*.partial')" ] || { cat err hit; fail "$what: partial files are left"; }
    whole_so_far work reference
}

# try_all NAME: command, and what it makes in reference/
try_all() {
    local number tried=0 without=0 began=$SECONDS kind
    rm -rf work hit counted
    which "$1"
    for number in "${numbers[@]}"; do
        rm -rf work hit
        kind=ALLOC_FAIL
        [ $((tried % 4)) -ne 3 ] || kind=ALLOC_FAIL_AFTER
        starved ALLOC_HIT=hit $kind="$number"
        judge "$1" "$number" $kind
        tried=$((tried + 1))
        if [ $((tried % 20)) -eq 0 ] && [ $code -ne 0 ]; then
            expect 0 run 1 "$synvid" "${command[@]}"
            as_ever || fail "$1, $kind=$number: the same command again ends in other bytes"
        fi
    done
    printf '%-9s %5d allocations, %4d tried: %4d exit code 5, %3d that the C library did without, %4d s\n' "$1" "$total" $tried \
        $((tried - without)) $without $((SECONDS - began))
}

make_inputs
for name in "${commands[@]}"; do
    rm -rf reference work
    if [ "$name" = small ]; then
        command=(status in/runs)
        mkdir -p reference
    else
        experiment "$name" reference/made
        expect 0 run 1 "$synvid" "${command[@]}"
        experiment "$name" work/made
    fi
    contents reference >reference.contents
    try_all "$name"
done
