#!/usr/bin/env bash
# The variables that a sweep was run with are remembered in its folder: status, list, show, run, slurm and clean need no
# --var, one that is given anew is told, and sweeps that share a folder keep theirs apart.
. "$2/tests/support/cli.sh"
forbid_mpi

cat > grid.json <<'EOF'
{"name": "grid", "help": "two tasks", "out": "grid", "vars": {"size": 16, "videos": 3, "split": "train"}, "tasks": [
  {"task": "data", "run": ["generate", "--variant", "moving-circles", "--size", "{size}", "--videos", "{videos}",
    "--frames", "16", "--force", "--progress", "none", "--out", "{out}/data"]},
  {"task": "check", "needs": ["data"], "run": ["inspect", "{made:data}"]}]}
EOF
sed 's/"name": "grid"/"name": "other"/; s/"task": "data"/"task": "more"/; s/{out}.data/{out}\/more/; s/made:data/made:more/; s/"needs": ."data"./"needs": ["more"]/; s/"task": "check"/"task": "look"/' grid.json > other.json
sweep=("$synvid" sweep)
unchanged() { # unchanged COMMAND...: nothing of this is missing or changed
    expect 0 "$@"
    ! grep -qE 'changed|missing' out || { cat out err; fail "says changed: $*"; }
}

expect 0 "${sweep[@]}" run grid.json --out there --var size=20 --var videos=2
[ "$(find there/sweep -name 'sweep.vars' | wc -l)" -eq 1 ] || fail "nothing is remembered"
expect 0 "${sweep[@]}" status grid.json --out there
says out '2 tasks: 2 finished'
once 'sweep grid: as it was run before, with size=20, videos=2'
unchanged "${sweep[@]}" status grid.json --out there
unchanged "${sweep[@]}" list grid.json --out there
unchanged "${sweep[@]}" status grid.json --out there --var size=20
once 'with videos=2 (--var'
expect 0 "${sweep[@]}" show grid.json data --out there
says out '--size 20 --videos 2'
expect 0 "${sweep[@]}" run grid.json --out there
unchanged "${sweep[@]}" status grid.json --out there

# Given anew: told with both values; only running remembers.
expect 0 "${sweep[@]}" status grid.json --out there --var size=24
once 'sweep grid: size is 24 now, it was run with 20'
says out '2 changed'
unchanged "${sweep[@]}" status grid.json --out there
expect 0 "${sweep[@]}" run grid.json --out there --var size=24
once 'sweep grid: size is 24 now, it was run with 20'
unchanged "${sweep[@]}" status grid.json --out there
once 'with size=24, videos=2'
expect 0 "${sweep[@]}" run grid.json --out there --var size=16 # as the file says, and yet said
unchanged "${sweep[@]}" status grid.json --out there

# Another sweep in the same folder has its own; another folder has none.
expect 0 "${sweep[@]}" run other.json --out there --var videos=1
expect 0 "${sweep[@]}" status other.json --out there
once 'sweep other: as it was run before, with videos=1'
unchanged "${sweep[@]}" status grid.json --out there
expect 0 "${sweep[@]}" status grid.json --out elsewhere
! grep -q 'as it was run' err || fail "another folder remembers"
[ ! -e elsewhere ] || fail "asking for the state made a folder"

# The script of a submission names all of them, so that its jobs do not depend on what is remembered later.
rm there/sweep/data.json
expect 0 "${sweep[@]}" slurm grid.json --out there --var split=test
grep -q -- '--var size=16 --var videos=2 --var split=test' "$(cat out)" || { cat "$(cat out)"; fail "the script lacks variables"; }
expect 0 "${sweep[@]}" status grid.json --out there
once 'with size=16, videos=2, split=test'

# Wrong use, and a variable that the file has no more.
expect 2 "${sweep[@]}" status grid.json --out there --var size=1 --var size=2
once 'a variable has one value'
expect 0 "${sweep[@]}" status grid.json --out there --var size=16 --var size=16
expect 2 "${sweep[@]}" status grid.json --out there --var sizes=2
once 'did you mean "size"'
expect 2 "${sweep[@]}" status grid.json --out there --var size
once 'NAME=VALUE was expected'
sed 's/, "split": "train"//' grid.json > fewer.json
expect 0 "${sweep[@]}" status fewer.json --out there
once 'with size=16, videos=2 (--var'
cp there/sweep/sweep.vars kept
for damage in '' '[]' '{"sweeps": 3}' '{"sweeps": {"grid": {"size": "1"'; do
    echo "$damage" > there/sweep/sweep.vars
    expect 3 "${sweep[@]}" status grid.json --out there
    says err sweep.vars
done
echo '{"sweeps": {"grid": {"size": 3, "videos": null}}}' > there/sweep/sweep.vars
expect 0 "${sweep[@]}" status grid.json --out there
cp kept there/sweep/sweep.vars

# Cleaning takes what was run with these variables, and then forgets them.
expect 0 "${sweep[@]}" run grid.json --out there
expect 0 "${sweep[@]}" clean grid.json check --out there
expect 0 "${sweep[@]}" status grid.json --out there
once 'with size=16'
expect 0 "${sweep[@]}" clean grid.json --yes --out there
[ ! -e there/data ] || fail "clean leaves what was made"
expect 0 "${sweep[@]}" status grid.json --out there
! grep -q 'as it was run' err || fail "clean does not forget"
expect 0 "${sweep[@]}" status other.json --out there
once 'with videos=1'
