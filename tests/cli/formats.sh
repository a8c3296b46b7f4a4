#!/usr/bin/env bash
# The examples of docs/formats.md read what generate writes; skipped where h5py is not installed.
. "$2/tests/support/cli.sh"
python=/usr/bin/python3
"$python" -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py"; exit 0; }

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
