"""NumPy arrays as the library's buffers: of the right type, shape and layout, or an exception."""

from __future__ import annotations

import operator

import numpy as np

from ._errors import SettingsError


def output(out: np.ndarray | None, shape: tuple[int, ...], dtype, name: str = "out") -> np.ndarray:
    """`out` if it can be written to, or a new array."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise SettingsError(f"{name}: {type(out).__name__}; expected a NumPy array")
    if out.dtype != dtype or out.shape != shape:
        raise SettingsError(f"{name}: {out.dtype} {out.shape}; expected {np.dtype(dtype)} {shape}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise SettingsError(f"{name}: the array must be writable and without gaps")
    return out


def integer(value, name: str) -> int:
    """A whole number that C's int64 holds."""
    try:
        number = operator.index(value)
    except TypeError:
        raise SettingsError(f"{name}: {value!r}; expected a whole number") from None
    if not -(2**63) <= number < 2**63:
        raise SettingsError(f"{name}: {number} is out of range")
    return number


def video(frames, name: str) -> np.ndarray:
    """(T, H, W, 3) uint8 without gaps; tensors of other packages on the CPU will do."""
    if not isinstance(frames, np.ndarray) and hasattr(frames, "__array__"):
        frames = np.asarray(frames)
    if isinstance(frames, np.ndarray) and frames.dtype == np.uint8 and frames.ndim == 4 and frames.shape[3] == 3:
        return np.ascontiguousarray(frames)
    found = f"{frames.dtype} {frames.shape}" if isinstance(frames, np.ndarray) else type(frames).__name__
    raise SettingsError(f"{name}: {found}; expected a NumPy array of uint8, (frames, height, width, 3)")
