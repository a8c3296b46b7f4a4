"""Numbers that an oracle and a test make from the same formula, so that golden files need not carry them; and sketches.

tests/golden_formula.h is the same in C. The hash is the output function of SplitMix64 (Steele, Lea and Flood 2014);
streams are told apart by the FNV-1a hash of a name. All values are exact in double precision and rounded to single
precision once, so both sides start from the same bits.

A sketch of a vector x is its norm and K = 32 sums of +-x[i] with signs from the hash. The sums of a difference of two
vectors have the variance of its squared norm, so the root of their mean square estimates the norm of the difference
(Johnson and Lindenstrauss; the relative deviation of the estimate is 1/sqrt(2K) = 1/8).
"""
import numpy as np

SKETCH = 32
GOLDEN_RATIO = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def fnv(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def hashes(seed, name, begin, end):
    """uint64, one for each of the elements begin..end-1 of stream `name`."""
    start = (fnv(name) + seed * GOLDEN_RATIO) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(start) + np.arange(begin + 1, end + 1, dtype=np.uint64) * np.uint64(GOLDEN_RATIO)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def floats(seed, name, shape, center, spread):
    """center + spread * U[-1, 1); center and spread are powers of two or zero."""
    unit = (hashes(seed, name, 0, int(np.prod(shape))) >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1
    return (center + spread * unit).astype(np.float32).reshape(shape)


def bytes_of(seed, name, shape):
    return (hashes(seed, name, 0, int(np.prod(shape))) >> np.uint64(56)).astype(np.uint8).reshape(shape)


def smallest(seed, name, count, chosen):
    """Of 0..count-1, which have the `chosen` smallest hashes: uint8 (count)."""
    out = np.zeros(count, np.uint8)
    out[np.argsort(hashes(seed, name, 0, count))[:chosen]] = 1
    return out


def parameter(seed, name, shape):
    """A tensor of a network: norms around 1, vectors small, matrices so that activations keep their size."""
    spread = 0.25
    if name == "mask_token":
        spread = 0.5
    elif len(shape) > 1:
        spread, fan_in = 1.0, int(np.prod(shape[1:]))
        while fan_in >= 4:
            spread, fan_in = spread / 2, fan_in // 4
    is_scale = name.endswith(".weight") and len(shape) == 1
    return floats(seed, name, shape, 1.0 if is_scale else 0.0, spread)


def sketch(values):
    """float64 (1 + K): norm and signed sums."""
    x = np.asarray(values, np.float64).ravel()
    sums = np.zeros(SKETCH)
    for begin in range(0, x.size, 1 << 18):
        part = x[begin:begin + (1 << 18)]
        signs = hashes(0, "sketch", begin, begin + part.size)
        for k in range(SKETCH):
            sums[k] += part @ (1 - 2.0 * ((signs >> np.uint64(k)) & np.uint64(1)).astype(np.float64))
    return np.concatenate([[np.sqrt(x @ x)], sums])
