#!/usr/bin/env bash
# tools/fetch-media.sh against a pretended package archive: what it keeps, what it refuses, what it answers.
set -euo pipefail
script=$2/tools/fetch-media.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
expect() { # code, command...
  local want=$1 got=0
  shift
  "$@" >"$work/out" 2>"$work/err" || got=$?
  [ "$got" -eq "$want" ] || { cat "$work/err"; fail "exit $got instead of $want: $*"; }
}

expect 0 "$script" --help
grep -q 'Exit codes' "$work/out" || fail "the help names no exit codes"
expect 2 "$script"
expect 2 "$script" --unknown
touch "$work/file"
expect 4 "$script" "$work/file/below"

# no package tools at all
mkdir "$work/empty"
for tool in bash env mkdir cut uniq grep sed cat sort mv rm; do ln -s "$(command -v $tool)" "$work/empty/$tool"; done
expect 3 env PATH="$work/empty" "$script" "$work/none"
grep -q 'no media were fetched' "$work/err" || fail "the missing tools are not named"

# an archive with one package: two photographs with the same bytes, one other, one file nobody asked for
command -v dpkg-deb >/dev/null || { echo "no dpkg-deb: the rest needs Debian"; exit 0; }
games=$work/pkg/usr/share/games/krank
images=$games/levels/unera-backgrounds
mkdir -p "$work/bin" "$work/pkg/DEBIAN" "$work/pkg/usr/share/doc/krank" "$images" "$games/sounds"
echo one >"$images/a.jpg"
echo one >"$images/b.jpg"
echo two >"$images/c.jpg"
echo no >"$games/sounds/no.ogg"
echo free >"$work/pkg/usr/share/doc/krank/copyright"
printf '%s\n' 'Package: krank' 'Version: 1.0' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
  'Description: test' >"$work/pkg/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/pkg" "$work/krank_1.0_all.deb" >/dev/null
cat >"$work/bin/apt-cache" <<'FAKE'
#!/bin/sh
for last; do :; done
case $last in
  krank) printf 'Package: krank\nVersion: 1.0\nSize: 2000\n' ;;
  scratch) printf 'Package: scratch\nVersion: 1.0\nSize: 300000000\n' ;;
  *) exit 100 ;;
esac
FAKE
cat >"$work/bin/apt-get" <<FAKE
#!/bin/sh
echo "\$@" >>"$work/calls"
cp "$work/krank_1.0_all.deb" .
FAKE
chmod +x "$work/bin/apt-cache" "$work/bin/apt-get"
: >"$work/calls"
export SYNVID_OS_RELEASE=$work/os-release
echo VERSION_CODENAME=bookworm >"$SYNVID_OS_RELEASE"
fetch() { expect 3 env PATH="$work/bin:$PATH" "$script" "$work/media"; } # 3: two photographs are too few
kept=$work/media/photos/krank/unera-backgrounds

fetch
grep -q 'opencv-doc: apt does not know it' "$work/err" || fail "an unknown package is not named"
grep -q 'scratch: left out' "$work/err" || fail "the limit of the download was not kept"
grep -q 'only 2 photographs and 0 clips' "$work/err" || fail "duplicates were counted, or photographs lost"
[ "$(cat "$kept-c.jpg")" = two ] || fail "a photograph has other bytes"
[ ! -e "$kept-b.jpg" ] || fail "a duplicate was kept"
[ "$(cat "$work/media/licenses/krank.copyright")" = free ] || fail "the copyright file is missing"
sum=$(sha256sum <"$images/c.jpg" | cut -c 1-64)
row=$(printf 'photos/krank/unera-backgrounds-c.jpg\t4\t%s\tkrank\t1.0' "$sum")
grep -qxF "$row" "$work/media/MANIFEST.tsv" || fail "the manifest lacks a row"
[ "$(find "$work/media" -name '*.deb' | wc -l)" -eq 0 ] || fail "a package was left behind"
! grep -q install "$work/calls" || fail "something was installed"

fetch
[ "$(wc -l <"$work/calls")" -eq 1 ] || fail "the second run downloaded again"
rm "$kept-c.jpg"
fetch
[ "$(wc -l <"$work/calls")" -eq 2 ] || fail "a lost file was not fetched again"
[ -s "$kept-c.jpg" ] || fail "a lost file is still missing"

# on a newer Debian apt is asked for Debian 12's lists first, and then for its packages; elsewhere for the system's own
cat >"$work/bin/apt-get" <<FAKE
#!/bin/sh
echo "\$@" >>"$work/calls"
case "\$*" in
  *indextargets*) cat "$work/archive" ;;
  *download*) cp "$work/krank_1.0_all.deb" . ;;
esac
FAKE
again() { # again CODENAME "LABEL SITE"
  rm -rf "${work:?}/media"
  : >"$work/calls"
  echo "VERSION_CODENAME=$1" >"$SYNVID_OS_RELEASE"
  echo "$2" >"$work/archive"
  fetch
}
again trixie "Debian http://localhost/debian"
if [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  grep -q 'sources.list.* update' "$work/calls" || fail "Debian 12 was not listed: $(cat "$work/calls")"
  grep -q 'sources.list.* download krank' "$work/calls" || fail "not Debian 12's package: $(cat "$work/calls")"
fi
again noble "Ubuntu http://localhost/ubuntu"
! grep -q 'sources.list' "$work/calls" || fail "another system's archive was asked for Debian 12"
grep -q 'no Debian 12 in this system' "$work/err" || fail "other files are taken without a word"
[ ! -e "$work/media/.apt" ] || fail "lists were left behind"
