"""Writes the golden files that tests/support/records.h reads: named arrays of bytes, one after the other.

A record is a line of text, "name dim0 dim1 ...", and then the bytes of a C-ordered uint8 array of that shape.
"""
import numpy


def write(path, arrays):
    with open(path, "wb") as out:
        for name, array in arrays.items():
            array = numpy.ascontiguousarray(array)
            assert array.dtype == numpy.uint8, name
            out.write((" ".join([name] + [str(size) for size in array.shape]) + "\n").encode())
            out.write(array.tobytes())
