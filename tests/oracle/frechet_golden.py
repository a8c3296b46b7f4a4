"""Golden file of tests/unit/test_frechet.c: distances of small samples by SciPy's general matrix root and NumPy.

    pip install numpy scipy
    python3 tests/oracle/frechet_golden.py
"""
import pathlib

import numpy
import scipy.linalg

from golden_tensors import write

golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
random = numpy.random.default_rng(20240502)


def frechet(x, y):
    """As pytorch-fid computes it: tr of the square root of the product of the two covariances."""
    x, y = x.astype(numpy.float64), y.astype(numpy.float64)
    s, t = numpy.cov(x, rowvar=False), numpy.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(s @ t)
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + numpy.trace(s) + numpy.trace(t) - 2 * numpy.trace(root).real


def kid(x, y):
    """Unbiased squared MMD with the kernel (x.y/d + 1)^3."""
    x, y = x.astype(numpy.float64), y.astype(numpy.float64)
    kernel = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    off = lambda k: (k.sum() - numpy.trace(k)) / (len(k) * (len(k) - 1))
    return off(kernel(x, x)) + off(kernel(y, y)) - 2 * kernel(x, y).mean()


def sample(count, dims, shift):
    mix = random.normal(size=(dims, dims)) / dims**0.5
    return (numpy.abs(random.normal(size=(count, dims)) @ mix) + shift).astype(numpy.float32)


def main():
    tensors = {}
    for name, count, dims in (("full", 90, 24), ("wide", 300, 40)):
        x, y = sample(count, dims, 0.0), sample(count + 7, dims, 0.2)
        tensors |= {f"{name}.x": x, f"{name}.y": y}
        tensors |= {f"{name}.frechet": numpy.array([frechet(x, y)]), f"{name}.kid": numpy.array([kid(x, y)])}
    write(golden / "frechet.gold", tensors)


main()
