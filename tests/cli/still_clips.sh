#!/usr/bin/env bash
# Still clips of photographs of any size: trained on by any number of ranks, kept in files of every storage, and named
# where they are not the paper's.
. "$2/tests/support/cli.sh"

# picture FILE KIND WIDTH HEIGHT: a PNM of stripes; P5 is gray, P6 has colors.
picture() {
    local channels=1
    [ "$2" = P5 ] || channels=3
    printf '%s\n%d %d\n255\n' "$2" "$3" "$4" >"photos/$1"
    { yes 'stripes, 27 bytes in all..' || true; } 2>/dev/null | head -c $(($3 * $4 * channels)) >>"photos/$1"
}
mkdir photos
picture pixel.pgm P5 1 1
picture thread.ppm P6 1 900
picture ribbon.ppm P6 1200 5
picture small.ppm P6 20 30
picture gray.pgm P5 90 70
picture large.ppm P6 640 480
ingest=(ingest --input photos --as images --progress none)
expect 0 "$synvid" "${ingest[@]}" --fit keep --out keep.h5
expect 0 "$synvid" "${ingest[@]}" --fit stretch --size 64 --out stretch.h5
expect 0 "$synvid" "${ingest[@]}" --size 32 --out square.h5

# train OUT RANKS POOL OPTIONS...: half of the clips are still ones; what the result says of its videos is in `said`.
train() {
    local out=$1 n=$2 pool=$3
    shift 3
    ranks "$n" "$synvid" pretrain --config smoke --variant shapes-static-images-5 --set data.with=mix_share=0.5 --set data.with=pool_min=2 \
        --set data.size=32 --set train.epochs=1 --pool "$pool" "$@" --threads 1 -q --progress none --out "$out" >made 2>err ||
        { cat err; fail "training on $pool with $n ranks"; }
    sed -n '/"deviations"/,/^ *\]/p' "$(tail -n 1 made)/result.json" | grep -E 'still clips|squares|videos: mix [^ ]' >said || true
}
weights() { sed -n '/"final weights"/,/"digest"/s/.*"digest": "\(.*\)".*/\1/p' "$(tail -n 1 made)/result.json"; }

train one 1 keep.h5
[ ! -s said ] || { cat said; fail "kept photographs are a deviation"; }
first=$(weights)
[ -n "$first" ] || fail "no digest of weights"
for n in 2 3; do
    train "ranks$n" $n keep.h5
    [ "$(weights)" = "$first" ] || fail "other weights on $n ranks"
done

# What is not the paper's set trains as well, otherwise, and says what it is.
for other in 'stretch.h5|still clips of stretched photographs instead of ones of their own size' \
    'square.h5|middle squares of photographs instead of whole ones'; do
    train "other-${other%%|*}" 1 "${other%%|*}"
    grep -qF "${other#*|}" said || { cat said; fail "the result does not say: ${other#*|}"; }
    [ "$(weights)" != "$first" ] || fail "$other: the same weights"
done
train other-mix 1 keep.h5 --set data.with=mix=static-clips
grep -qF 'mix \"static-clips\" instead of \"static-clips-native\"' said || { cat said; fail "another mixture is not named"; }
[ "$(weights)" != "$first" ] || fail "stretched to the canvas: the same weights"

# Files: frames of one size, whatever the storage and the number of ranks.
make() { # make OUT RANKS OPTIONS...
    local out=$1 n=$2
    shift 2
    ranks "$n" "$synvid" generate --variant shapes-static-images-5 --with mix_share=0.5 --with pool_min=2 --videos 8 \
        --set shard_videos=2 --size 32 --frames 20 --pool keep.h5 --threads 1 -q --progress none --out "$out" "$@" >made 2>err ||
        { cat err; fail "generate $*"; }
    "$synvid" verify "$out" | awk '{ print $1 }' >"$out.digest"
}
make raw 1
grep -q '"photographs": *"kept"' raw/dataset.json || fail "the manifest does not say that photographs are kept"
for n in 2 3; do
    make "raw$n" $n
    cmp raw.digest "raw$n.digest" || fail "other files by $n ranks"
done
for storage in latent deflate mpeg4; do
    make $storage 1 --storage $storage
    expect 0 "$synvid" inspect $storage --clip 7 --mp4 $storage.mp4
done
expect 0 "$synvid" inspect raw --clip 7 --mp4 raw.mp4
cmp raw.mp4 latent.mp4 || fail "a latent dataset shows another still clip than a raw one"
cmp raw.mp4 deflate.mp4 || fail "a deflated dataset shows another still clip than a raw one"
echo '{"extends": "variants/shapes-static-images-5", "name": "stills", "pool_min": 2, "mix_share": 1}' >stills.json
expect 0 "$synvid" inspect stills.json --pool keep.h5 --sheet sheet.png
[ -s sheet.png ] || fail "no sheet of still clips of several sizes"

# Without a picture there is nothing to show.
expect 3 "$synvid" generate --variant shapes-static-images-5 --videos 2 --out none --progress none
says err "needs images, none given"
echo "still clips: ok"
