"""How often 95 % intervals of an accuracy, and of a paired difference, hold the truth, by simulation: the table of
docs/report.md. Answers are drawn by crossed_model.py; the truth is the mean over all seeds and videos there could be.

    pip install numpy scipy
    python3 tests/oracle/crossed_coverage.py [REPETITIONS]
"""
import sys

import numpy
import scipy.stats

import crossed_model as model

ITEM_SD, ITEMS, DRAWS = 1.5, 1000, 200
random = numpy.random.default_rng(20241127)


def truth(base, seed_sd):
    effects = random.normal(0, (seed_sd**2 + ITEM_SD**2) ** 0.5, 4_000_000)
    return (1 / (1 + numpy.exp(-(base + effects)))).mean()


def around(center, half):
    return center - half, center + half


def student(y):
    means = y.mean(1)
    return around(y.mean(), scipy.stats.t.ppf(0.975, len(y) - 1) * means.std(ddof=1) / len(y) ** 0.5)


def over_items(y):
    return around(y.mean(), model.Z * (model.mean_squares(y)[1] / y.size) ** 0.5)


def satterthwaite(y):
    a, b, rest = model.mean_squares(y)
    variance, degrees = max(a, rest) + b - rest, y.shape[1] - 1
    if a > rest:
        parts = a**2 / (len(y) - 1) + b**2 / (y.shape[1] - 1) + rest**2 / ((len(y) - 1) * (y.shape[1] - 1))
        degrees = max(1, variance**2 / parts)
    return around(y.mean(), scipy.stats.t.ppf(0.975, degrees) * (variance / y.size) ** 0.5)


def percentiles(y):
    means = []
    for _ in range(DRAWS):
        weights = numpy.bincount(random.integers(0, len(y), len(y)), minlength=len(y)) / len(y)
        counts = numpy.bincount(random.integers(0, y.shape[1], y.shape[1]), minlength=y.shape[1]) / y.shape[1]
        means.append(weights @ y @ counts)
    return numpy.percentile(means, [2.5, 97.5])


METHODS = {"videos alone": over_items, "t over seeds": student, "bootstrap": percentiles, "Satterthwaite": satterthwaite,
           "ours": model.share}


def accuracies(repetitions):
    print(f"| seeds | accuracy | sd of seeds | {' | '.join(METHODS)} |")
    for seeds in (3, 5):
        for base in (-2, 0, 2.5):
            for seed_sd in (0, 0.1, 0.3):
                right, held = truth(base, seed_sd), {name: 0 for name in METHODS}
                spread = 100 * seed_sd * right * (1 - right)
                for _ in range(repetitions):
                    y = model.answers(random, base, seed_sd, ITEM_SD, seeds, ITEMS)
                    for name, interval in METHODS.items():
                        low, high = interval(y)
                        held[name] += low <= right <= high
                row = " | ".join(f"{100 * count / repetitions:.1f}" for count in held.values())
                print(f"| {seeds} | {100 * right:.0f} | about {spread:.1f} | {row} |", flush=True)


def differences(repetitions):
    print("| seeds | difference | sd of seeds | paired | not paired |")
    for seeds in (1, 3):
        for base in (0, 1.5):
            for seed_sd in (0,) if seeds == 1 else (0, 0.1, 0.3):
                right, held = truth(base, seed_sd) - truth(0, seed_sd), [0, 0]
                for _ in range(repetitions):
                    shared = random.normal(0, ITEM_SD, (1, ITEMS))
                    x, y = (model.answers(random, b, seed_sd, ITEM_SD, seeds, ITEMS, shared) for b in (base, 0))
                    (low_x, high_x), (low_y, high_y), a, b = model.share(x), model.share(y), x.mean(), y.mean()
                    low, high = model.difference(x, y)
                    held[0] += low <= right <= high
                    held[1] += a - b - numpy.hypot(a - low_x, high_y - b) <= right <= a - b + numpy.hypot(high_x - a, b - low_y)
                row = " | ".join(f"{100 * count / repetitions:.1f}" for count in held)
                print(f"| {seeds} | {100 * right:.0f} | {seed_sd} (logit) | {row} |", flush=True)


repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
accuracies(repetitions)
print()
differences(repetitions)
