"""Writes the golden files that tests/golden_file.h reads: named arrays of float32 (type 0), uint8 (1) or float64 (2)."""
import struct

import numpy

TYPES = {numpy.dtype("float32"): 0, numpy.dtype("uint8"): 1, numpy.dtype("float64"): 2}


def write(path, tensors):
    with open(path, "wb") as out:
        out.write(b"SYNVIDG1" + struct.pack("<i", len(tensors)))
        for name, array in tensors.items():
            array = numpy.ascontiguousarray(array)
            out.write(struct.pack("<i", len(name)) + name.encode())
            out.write(struct.pack(f"<ii{array.ndim}i", TYPES[array.dtype], array.ndim, *array.shape) + array.tobytes())
