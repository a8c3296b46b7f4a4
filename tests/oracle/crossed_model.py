"""Answers of trained models (seeds) to test videos (items), and how sure their mean is: the arithmetic of math/crossed
written a second time, with NumPy and SciPy, from residuals instead of sums. Shared by crossed_golden.py and
crossed_coverage.py.
"""
import numpy
import scipy.optimize
import scipy.stats

Z = scipy.stats.norm.ppf(0.975)


def answers(random, base, seed_sd, item_sd, seeds, items, shared=None):
    """(seeds, items) of 0 and 1: a logistic model with normal effects of seeds and items; `shared` item effects make
    measures of the same videos go together."""
    effects = random.normal(0, item_sd, (1, items))
    if shared is not None:
        effects = (effects + shared) / 2**0.5
    chance = 1 / (1 + numpy.exp(-(base + random.normal(0, seed_sd, (seeds, 1)) + effects)))
    return (random.random((seeds, items)) < chance).astype(numpy.uint8)


def mean_squares(y):
    """Between seeds, between items, of the rest."""
    seeds, items = y.shape
    a, b = y.mean(1, keepdims=True) - y.mean(), y.mean(0, keepdims=True) - y.mean()
    rest = y - y.mean() - a - b
    between_items = seeds * (b**2).sum() / (items - 1)
    if seeds == 1:
        return 0.0, between_items, 0.0
    return items * (a**2).sum() / (seeds - 1), between_items, (rest**2).sum() / ((seeds - 1) * (items - 1))


def half_width(y):
    of_seeds, of_items, rest = mean_squares(y)
    least = Z**2 * of_items / y.size
    if len(y) == 1:
        return least**0.5
    t = scipy.stats.t.ppf(0.975, len(y) - 1)
    return max(t**2 * of_seeds / y.size + Z**2 * max(0, of_items - rest) / y.size, least) ** 0.5


def wilson(share, count):
    center = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    reach = Z / (1 + Z**2 / count) * (share * (1 - share) / count + Z**2 / (4 * count**2)) ** 0.5
    return max(0, center - reach), min(1, center + reach)


def share(y):
    p, half, items = y.mean(), half_width(y), y.shape[1]
    count = items if len(y) == 1 or p in (0, 1) or half == 0 else Z**2 * p * (1 - p) / half**2
    return wilson(p, min(count, y.size))


def difference(x, y):
    x, y = x.astype(float), y.astype(float)
    of_x, of_y, both = half_width(x), half_width(y), half_width(x - y)
    together = (of_x**2 + of_y**2 - both**2) / (2 * of_x * of_y) if of_x > 0 and of_y > 0 else 0
    together = min(1, max(-1, together))
    (low_x, high_x), (low_y, high_y) = share(x), share(y)
    reach = lambda a, b: max(0, a * a + b * b - 2 * together * a * b) ** 0.5
    a, b = x.mean(), y.mean()
    return a - b - reach(a - low_x, high_y - b), a - b + reach(high_x - a, b - low_y)


def gap(low, value, high):
    """Fieller: where |mean of value - low - q (high - low)| meets its half width, on both sides of the estimate."""
    low, value, high = (array.astype(float) for array in (low, value, high))
    contrast = lambda q: value - low - q * (high - low)
    beyond = lambda q: abs(contrast(q).mean()) - half_width(contrast(q))
    estimate = (value.mean() - low.mean()) / (high.mean() - low.mean())
    ends = []
    for sign in (-1, 1):
        step = 1e-3
        while beyond(estimate + sign * step) <= 0:
            step *= 2
        inside = estimate + (sign * step / 2 if step > 1e-3 else 0)
        ends.append(scipy.optimize.brentq(beyond, inside, estimate + sign * step, xtol=1e-13))
    return tuple(ends)
