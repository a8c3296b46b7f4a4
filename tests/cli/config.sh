#!/usr/bin/env bash
# config show, explain, schema and diff.
. "$2/tests/support/cli.sh"
forbid_mpi

mkdir models
echo '{"width": 96, "heads": 3}' >models/small.json
echo '{"extends": "small", "depth": 5}' >models/deeper.json

expect 0 "$synvid" config show models/deeper.json
says out '"depth": 5,'
says out '"width": 96,'
says out '"patch_size": 16,'
cp out resolved.json
expect 0 "$synvid" config show --kind model resolved.json
cmp -s out resolved.json || fail "a resolved configuration does not resolve to itself"
expect 0 "$synvid" config show models/deeper.json --set depth=7
says out '"depth": 7'

expect 0 "$synvid" config diff models/small.json models/deeper.json
[ "$(cat out)" = 'depth: 12 -> 5' ] || fail "diff says: $(cat out)"
expect 0 "$synvid" config diff models/small.json models/small.json
says out 'no difference'

expect 0 "$synvid" config diff moving-circles variants/moving-shapes
says out 'name: "moving-circles" -> "moving-shapes"'

expect 0 "$synvid" config explain
fits out
awk '/^  [a-z]/ { print $1 }' out >kinds
[ -s kinds ] || fail "no kinds"
while read -r kind; do
    expect 0 "$synvid" config explain "$kind"
    fits out
    expect 0 "$synvid" config schema "$kind"
    says out '"additionalProperties": false'
done <kinds
expect 0 "$synvid" config explain decoder_depth
fits out
says out 'model.decoder_depth'
says out 'whole number from 1 to 128'
