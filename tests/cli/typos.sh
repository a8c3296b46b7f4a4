#!/usr/bin/env bash
# Mistakes on the command line and in configurations: exit code 2, one message, the nearest name.
. "$2/tests/support/cli.sh"
forbid_mpi

expect 2 "$synvid" conifg
once 'synvid: error: unknown command "conifg"; did you mean "config"?'
expect 2 "$synvid" zebra-crossing
once 'synvid: error: unknown command "zebra-crossing"; '
expect 2 "$synvid" config --knid model explain
once 'synvid config: error: unknown option "--knid"; did you mean "--kind"?'
expect 2 "$synvid" config shwo x
once 'config shwo: show, explain, schema or diff was expected'
expect 2 "$synvid" config explain decoder_dpeth
once 'did you mean "decoder_depth"?'
expect 2 "$synvid" config schema modle
once 'did you mean "model"?'
expect 2 "$synvid" config show nowhere.json
once 'no configuration "nowhere.json"'
expect 2 "$synvid" config show moving-circels
once 'did you mean "variants/moving-circles"?'
expect 2 "$synvid" completion zsh
once 'only bash is known'

# The message names file and setting. The place in our source is for -v only.
mkdir models
echo '{"depth": 400}' >models/deep.json
expect 2 "$synvid" config show models/deep.json
once 'models/deep.json: depth: 400 is outside [1, 128]'
! grep -q '\.c:[0-9]' err || fail "the place in the source is told without -v"
printf '{\n  "depth": 4,\n  "depth": 5\n}\n' >models/twice.json
expect 2 "$synvid" config show models/twice.json
once 'models/twice.json: the key "depth" stands twice'
printf '{\n  "depth": 4\n  "width": 5\n}\n' >models/comma.json
expect 2 "$synvid" config show models/comma.json
once 'models/comma.json: line 3: not valid JSON'
