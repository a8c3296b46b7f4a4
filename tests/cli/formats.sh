#!/usr/bin/env bash
# The examples of docs/formats.md read what generate writes; skipped where h5py is not installed.
. "$2/tests/support/cli.sh"
python=${SYNVID_PYTHON:-/usr/bin/python3}
"$python" -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py for $python; SYNVID_PYTHON names another"; exit 77; }

expect 0 "$synvid" generate --variant moving-circles --videos 3 --size 16 --out data -q
awk '/^```python/ { n++; inside = 1; next } /^```/ { inside = 0 } inside && n == 1' "$source/docs/formats.md" >example.py
[ -s example.py ] || fail "docs/formats.md holds no example"
expect 0 "$python" example.py
says out "16, 16, 3) ['frame', 'y', 'x', 'channel'] pixels"

# The digest can be recomputed from the page: every word of its definition matters.
cat >digest.py <<'PY'
import ctypes, h5py, numpy, sys

class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]

library = ctypes.CDLL("libxxhash.so.0")
library.XXH3_128bits.restype = Hash128
library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
with h5py.File(sys.argv[1]) as shard:
    parts = [numpy.array([shard.attrs["height"], shard.attrs["width"], 3], "<i4").tobytes(), shard["frames"][()].tobytes()]
    for name, kind in ("clip_start", "<i8"), ("clip_index", "<i8"), ("label", "<i4"):
        parts += [name.encode() + b"\0", shard[name][()].astype(kind).tobytes()]
    for name in sorted(shard["latent"]):
        column = shard["latent"][name]
        shape = numpy.array([column.dtype.kind == "f", *column.shape], "<i8")
        parts += [name.encode() + b"\0", shape.tobytes(), column[()].tobytes()]
    data = b"".join(parts)
    found = library.XXH3_128bits(data, len(data))
    print("same" if f"{found.high:016x}{found.low:016x}" == shard.attrs["digest"] else "different")
PY
expect 0 "$python" digest.py data/shard-00000.h5
says out same

# The shards of a dataset as one file: the same arrays, wherever the file lies; a master whose shards are bad is not made.
expect 0 "$synvid" generate --variant moving-shapes --videos 7 --shard-videos 3 --size 16 --frames 12 --out parts -q
expect 0 "$synvid" export parts --out parts/all.h5
expect 0 "$synvid" export parts --out elsewhere.h5
mv parts moved
mv moved parts
cat >master.py <<'PY'
import h5py, json, numpy
manifest = json.load(open("parts/dataset.json"))
shards = [h5py.File("parts/" + row["file"]) for row in manifest["shards"]]
for name in "parts/all.h5", "elsewhere.h5":
    with h5py.File(name) as master:
        assert master.attrs["shards"] == 3 and master.attrs["digest"] == manifest["digest"]
        for array in "frames", "clip_index", "label", "latent/radius", "latent/center":
            together = numpy.concatenate([shard[array][()] for shard in shards])
            assert (master[array][()] == together).all(), array
            assert [d.label for d in master[array].dims] == [d.label for d in shards[0][array].dims], array
        start = master["clip_start"][()]
        assert len(start) == 8 and start[-1] == len(master["frames"]) == 7 * 12
        assert (master["frames"][start[4]:start[5]] == shards[1]["frames"][12:24]).all()
print("same")
PY
expect 0 "$python" master.py
says out same
expect 0 "$synvid" inspect parts/all.h5
head -c 3000 parts/shard-00001.h5 >part.h5
mv part.h5 parts/shard-00001.h5
expect 3 "$synvid" export parts --out bad.h5
once "shard-00001.h5"
[ ! -e bad.h5 ] || fail "a master was made although a shard is damaged"
