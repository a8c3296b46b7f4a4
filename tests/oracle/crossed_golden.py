"""Golden file of tests/unit/test_crossed.c: intervals of answers of seeds to videos, by crossed_model.py.

    pip install numpy scipy
    python3 tests/oracle/crossed_golden.py
"""
import pathlib

import numpy

import crossed_model as model
from golden_tensors import write

golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
random = numpy.random.default_rng(20241126)


def case(seeds, items, bases, seed_sd):
    """Three measures of the same videos (low, value, high) and what is known of them."""
    shared = random.normal(0, 1.5, (1, items))
    measures = [model.answers(random, base, seed_sd, 1.5, seeds, items, shared) for base in bases]
    low, value, high = measures
    halves = [[model.half_width(y.astype(float)) for y in measures], [model.half_width(value - low * 1.0)] * 3]
    intervals = [model.share(y) for y in measures]
    intervals += [model.difference(value, low), model.difference(high, value), model.gap(low, value, high)]
    return {"answers": numpy.stack(measures), "halves": numpy.array(halves), "intervals": numpy.array(intervals)}


def main():
    tensors = {}
    cases = {"one": (1, 400, (-2, 0.5, 2), 0), "three": (3, 600, (-2, 0, 1.5), 0.1), "apart": (3, 300, (-1, 0.3, 1), 0.6),
             "five": (5, 500, (-1.5, 1, 1.2), 0.2), "alike": (2, 250, (-1, 3, 4), 0)}
    for name, (seeds, items, bases, seed_sd) in cases.items():
        tensors |= {f"{name}.{key}": array for key, array in case(seeds, items, bases, seed_sd).items()}
    write(golden / "crossed.gold", tensors)


main()
