# shellcheck shell=bash
# support/fault_points.sh - one rank of two fails, or dies, alone at a fault point; source it with:
#   . "$2/tests/support/fault_points.sh"
# shellcheck source-path=SCRIPTDIR
. "$2/tests/support/fault.sh"

# Every fault point, the experiment that visits it, the rank that fails (0 where only rank 0 comes by), the exit code.
all_visits='shard.create generate 1 4
shard.create ingest 1 4
shard.write generate 1 4
shard.write ingest 1 4
shard.finish generate 1 4
shard.finish ingest 1 4
generate.render generate 1 70
ingest.read ingest 1 4
dataset.manifest generate 0 4
dataset.manifest ingest 0 4
ingest.image pool 1 70
journal.append pool 1 4
pool.write pool 0 4
pool.write textures 0 4
textures.block textures 1 70
journal.append textures 1 4
train.step pretrain 1 70
train.step finetune 1 70
train.exchange pretrain 1 70
checkpoint.write pretrain 1 4
checkpoint.finish pretrain 1 4
checkpoint.read pretrain 1 4
checkpoint.read finetune 1 4
runfolder.lock pretrain 1 4
runfolder.lock probe 1 4
runfolder.lock analyze 1 4
result.write pretrain 0 4
result.write finetune 0 4
forward.video finetune 1 70
forward.video probe 1 70
journal.append probe 1 4
features.write probe 0 4
result.write probe 0 4
result.write analyze 0 4
analyze.chunk analyze 1 70
journal.append analyze 1 4'

# The list cannot rot: every point of the program is visited by somebody.
for point in $("$synvid" --fault-points); do
    case $point in exchange.*) continue ;; esac # nothing can be agreed on there: tests/fault/exchange.sh
    grep -q "^$point " <<<"$all_visits" || fail "no test visits the fault point $point"
done

declare -A undisturbed=()

die() { # die VISIT: killed there
    local code=0
    SYNVID_FAULT=$1:kill run 2 "$synvid" "${command[@]}" >out 2>err || code=$?
    [ "$code" -eq "$(killed_rank)" ] || { cat err; fail "$1: exit code $code instead of that of a killed process"; }
}

# There is something to go on with: the experiment is killed after its first checkpoint.
begin_and_die() { die train.step:rank=1:nth=4; }

prepare_visit() { # prepare_visit POINT OUT: a checkpoint is read where there is one
    [ "$1" != checkpoint.read ] || begin_and_die
    [ "$1" = checkpoint.read ] || rm -rf "$2"
}

check_recovery() { # check_recovery EXPERIMENT OUT: the same command succeeds, with the same outcome
    expect 0 run 2 "$synvid" "${command[@]}"
    whole "$2"
    [ "$(digests "$product")" = "${undisturbed[$1]}" ] || fail "another outcome in $2 than without the fault"
}

visit() { # visit POINT EXPERIMENT RANK CODE
    local out=$2-$1 code=0
    experiment "$2" "$out"
    prepare_visit "$1" "$out"
    SYNVID_FAULT=$1:rank=$3 run 2 "$synvid" "${command[@]}" >out 2>err || code=$?
    [ "$code" -ne 0 ] || fail "$2 does not visit $1 on rank $3"
    [ "$code" -eq "$4" ] || { cat err; fail "$1 in $2: exit code $code instead of $4"; }
    one_error "injected fault" "rank $3: "
    grep ' error: ' err | grep -qE "$out|in/|step [0-9]|video [0-9]" || { cat err; fail "the error does not say where"; }
    whole "$out"
    [ -z "$(find "$out" -name dataset.json -o -name pool.h5 -o -name result.json 2>/dev/null)" ] || fail "$1 left a product"
    check_recovery "$2" "$out"
    rm -rf "$out"
}

death() { # death POINT EXPERIMENT RANK: killed there, and nothing of it is seen afterwards
    local out=$2-$1-killed
    experiment "$2" "$out"
    prepare_visit "$1" "$out"
    die "$1:rank=$3"
    check_recovery "$2" "$out"
    rm -rf "$out"
}

# visits_of EXPERIMENT...: all of their visits
visits_of() {
    local point name rank code visits=0
    make_inputs
    for name in "$@"; do
        experiment "$name" "undisturbed/$name"
        expect 0 run 2 "$synvid" "${command[@]}"
        undisturbed[$name]=$(digests "$product")
        [ -n "${undisturbed[$name]}" ] || fail "$name has no outcome to compare"
    done
    while read -r point name rank code <&3; do # not from stdin, which mpirun swallows
        case " $* " in *" $name "*) ;; *) continue ;; esac
        visit "$point" "$name" "$rank" "$code"
        death "$point" "$name" "$rank"
        visits=$((visits + 2))
    done 3<<<"$all_visits"
    [ "$visits" -gt 0 ] || fail "no visits of $*"
}
