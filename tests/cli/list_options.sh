#!/usr/bin/env bash
# Options that are lists: what is given again is added, to the configuration's own too; KEY= empties; what came out is in
# `config show`, in the first lines of a run and in what is made.
. "$2/tests/support/cli.sh"
forbid_mpi
export SYNVID_CONFIGS=$source/configs

resolved() { # resolved KEY: the list that KEY has in the JSON in `out`, in one line
    tr -d ' \n' < out | grep -oE "\"$1\":(\[(\"[^\"]*\",?)*\]|\"[^\"]*\")" | head -n 1 | sed "s/\"$1\"://"
}
is() { # is EXPECTED KEY
    [ "$(resolved "$2")" = "$1" ] || { cat out; fail "$2 is $(resolved "$2") instead of $1"; }
}

echo '{"variant": "moving-circles", "with": ["objects=7", "size_min=0.1"], "pool": "own.h5"}' > own.json
show() { expect 0 "$synvid" config show --kind generate own.json "$@"; }
show
is '["objects=7","size_min=0.1"]' with
show --set with=a=1
is '["objects=7","size_min=0.1","a=1"]' with
show --set with=a=1 --set with=b=2,c=3
is '["objects=7","size_min=0.1","a=1","b=2","c=3"]' with
show --set with='["a=[1,2]","b=2"]' --set with=c=3
is '["objects=7","size_min=0.1","a=[1,2]","b=2","c=3"]' with
show --set with=
is '[]' with
show --set with=a=1 --set with= --set with=b=2 --set with=c=3
is '["b=2","c=3"]' with
show --set with='[]' --set with=b=2
is '["b=2"]' with
show --set pool=x.h5
is '"x.h5"' pool
show --set pool=x.h5 --set pool=y.h5:0.5
is '"x.h5,y.h5:0.5"' pool
show --set pool=x.h5 --set pool= --set pool=z.h5
is '"z.h5"' pool
show --set pool=
is '""' pool
show --set videos=3 --set videos=4 # what is no list has one value, the last
grep -q '"videos": 4' out || fail "videos is not the last one given"
many=()
for i in $(seq 70); do many+=(--set "with=a$i=1"); done
expect 2 "$synvid" config show --kind generate own.json "${many[@]}"
says err 'more than 64 of them'
many=()
for i in $(seq 63); do many+=(--set "with=a$i=1"); done
expect 2 "$synvid" config show --kind generate own.json "${many[@]}"
says err 'with: a list of 65, at most 64 fit'
expect 0 "$synvid" config show moving-shapes --set kinds=circle --set kinds=square
cp out kinds
expect 0 "$synvid" config show moving-shapes --set kinds=circle,square
cmp out kinds || fail "repeating and commas differ"
expect 0 "$synvid" config show --kind pretrain <(echo '{"data": {"with": ["objects=3"]}}') --set data.with=size_min=0.2
is '["objects=3","size_min=0.2"]' with

# What a run says first, and what it makes: the same dataset, however its settings are put together.
small=(generate --size 16 --videos 2 --frames 16 --progress none)
echo '{"variant": "moving-circles", "with": ["objects=7"]}' > circles.json
made() { # made EXPECTED-LINE ARGUMENTS: the digest of the dataset
    local line=$1
    shift
    rm -rf made
    expect 0 "$synvid" "${small[@]}" "$@" --out made
    if [ -n "$line" ]; then once "$line"; else ! grep -q '^with:' err || fail "tells a list that is empty"; fi
    "$synvid" verify made | cut -d ' ' -f 1
}
wanted=$(made 'with: objects=7, speed=[2,3], radius_min=0.2' --variant moving-circles --with 'objects=7,speed=[2,3],radius_min=0.2')
found=$(made 'with: objects=7, speed=[2,3], radius_min=0.2' --config circles.json --with 'speed=[2,3]' --with radius_min=0.2)
[ "$found" = "$wanted" ] || fail "--with again is another dataset than one --with"
found=$(made 'with: objects=7, speed=[2,3], radius_min=0.2' --config circles.json --with radius_min=0.2 --set 'with=speed=[2,3]')
[ "$found" = "$wanted" ] || fail "--set with and --with are another dataset"
found=$(made 'with: objects=9, objects=7, speed=[2,3], radius_min=0.2' --variant moving-circles --with objects=9 --with 'objects=7,speed=[2,3],radius_min=0.2')
[ "$found" = "$wanted" ] || fail "the last of one setting does not win"
other=$(made 'with: speed=[2,3]' --config circles.json --set with= --with 'speed=[2,3]')
[ "$other" != "$wanted" ] || fail "emptying a list does nothing"
plain=$(made '' --variant moving-circles)
found=$(made '' --config circles.json --with '')
[ "$found" = "$plain" ] || fail "a list that was emptied is not empty"
expect 2 "$synvid" "${small[@]}" --variant moving-circles --with objects=7 --with objcts=3 --out bad
once 'did you mean "objects"'

# Lists that are one text with commas: given again they grow.
for again in "--pool nowhere.h5 --pool other.h5" "--pool nowhere.h5,other.h5" "--set pool=nowhere.h5 --pool other.h5"; do
    read -ra words <<< "$again"
    "$synvid" "${small[@]}" --variant accelerating-images "${words[@]}" --out bad 2> err > out || true
    once 'pool: nowhere.h5,other.h5'
done
expect 0 "$synvid" generate --variant standin-motion --split test --size 32 --frames 20 --videos 4 --out test --progress none
expect 0 "$synvid" robust --test test --sheet one.png --corruptions gaussian_noise,shot_noise --severities 1,3 --progress none
for again in "--corruptions gaussian_noise --corruptions shot_noise --severities 1 --severities 3" \
    "--set corruptions=gaussian_noise --set corruptions=shot_noise --set severities=1 --set severities=3"; do
    read -ra words <<< "$again"
    expect 0 "$synvid" robust --test test --sheet again.png "${words[@]}" --progress none
    cmp one.png again.png || fail "another sheet by $again"
done

# Commands that are no stages. A sweep that was copied to where one works, or a table kept there, is not taken for the
# list or the paper of that name.
cp "$source/configs/sweeps/all34.json" .
echo '{}' >paper.json
expect 0 "$synvid" reproduce fig4 --lists paper28,all34
cp out whole
expect 0 "$synvid" reproduce fig4 --lists paper28 --lists all34
cmp out whole || fail "--lists again is not --lists with a comma"
rm all34.json paper.json

# What --help and the documentation of settings say.
expect 0 "$synvid" generate --help
tr -s ' \n' ' ' < out > words
grep -qF 'may repeat, adds to those of the configuration' words || fail "--help does not say what repeating --with does"
grep -qF 'KEY= empties it first' words || fail "--help does not say how to empty a list"
