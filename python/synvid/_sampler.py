"""How clips of pre-training are cut out of videos, and tube masks."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import _library
from ._buffers import integer, output
from ._errors import SettingsError


class Sampler:
    """The clips that ``synvid pretrain`` trains on, and VideoMAE's loader for the same draws.

    A clip is `frames` frames, every `stride`-th from a random start; one box for all of them, cut and resized
    (antialiased) to `size` x `size`; its mask hides ``int(mask_ratio * cells)`` cells of the frame in every time slot.
    Start, box and mask are drawn from (seed, epoch * count + index) alone. Source: Tong et al. 2022, kinetics.py and
    masking_generator.py of the official code.

    Args:
        frames: of a clip, T.
        stride: frames from one of a clip to the next.
        size: side of a clip in pixels, H = W.
        crop: "multi-scale" (one of 4 sizes at one of 13 places) or "center" (the largest square).
        mask_ratio: share of tubes that are hidden; 0: no masks.
        patch_size, tubelet_size: a token is tubelet_size x patch_size x patch_size pixels.
        seed: 0 to 2**53.

    Raises:
        SettingsError: a value is out of range, or sizes do not divide.

    One sampler serves any number of threads; it can be pickled.
    """

    def __init__(self, *, frames: int = 16, stride: int = 4, size: int = 224, crop: str = "multi-scale",
                 mask_ratio: float = 0.75, patch_size: int = 16, tubelet_size: int = 2, seed: int = 1) -> None:
        self._settings: dict[str, Any] = dict(frames=frames, stride=stride, size=size, crop=crop, mask_ratio=mask_ratio,
                                              patch_size=patch_size, tubelet_size=tubelet_size, seed=seed)
        self._open()

    def _open(self) -> None:
        self._handle = _library.Handle("synvid_sampler_new", "synvid_sampler_free", dump(self._settings))
        shape = _library.described("synvid_sampler_describe", _library.ClipShape, self._handle)
        self.shape: tuple[int, int, int, int] = (shape.n_frames, shape.height, shape.width, 3)
        """(T, H, W, 3) of a clip."""
        self.n_tokens: int = shape.n_tokens
        """Bytes of a mask, in the order (time, row, column); 0: no masks."""
        self.n_hidden: int = shape.n_hidden
        """How many tokens of a mask are hidden."""

    @property
    def settings(self) -> dict[str, Any]:
        """A copy of what it was made with."""
        return dict(self._settings)

    def mask(self, sample: int, out: np.ndarray | None = None) -> np.ndarray:
        """The mask of sample number epoch * count + index: (n_tokens,) uint8, 1 = hidden."""
        mask = output(out, (self.n_tokens,), np.uint8)
        _library.call("synvid_mask_draw", self._handle, integer(sample, "sample"), mask.ctypes.data, mask.nbytes)
        return mask

    def __reduce__(self):
        return _sampler_of, (self._settings,)

    def __repr__(self) -> str:
        return f"Sampler({', '.join(f'{key}={value!r}' for key, value in self._settings.items())})"


def _sampler_of(settings: dict[str, Any]) -> Sampler:
    return Sampler(**settings)


def dump(settings: dict[str, Any]) -> str:
    """Settings as JSON; NumPy's numbers count as numbers, paths as texts."""
    return "{" + ", ".join(f"{json.dumps(key)}: {dump_value(key, value)}" for key, value in settings.items()) + "}"


def dump_value(key: str, value: Any) -> str:
    """One value as JSON; `key` is its name, for messages."""
    def plain(part):
        if isinstance(part, np.generic):
            return part.item()
        if isinstance(part, os.PathLike):
            return os.fspath(part)
        raise TypeError(f"{type(part).__name__} is no number, text or list")

    try:
        return json.dumps(value, default=plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingsError(f"{key}: {error}") from None


def masks(n: int, *, frames: int = 16, size: int = 224, patch_size: int = 16, tubelet_size: int = 2,
          mask_ratio: float = 0.75, seed: int = 1, first: int = 0) -> np.ndarray:
    """Tube masks of samples first .. first + n - 1: (n, tokens) bool, True = hidden.

    Tokens are in the order (time, row, column); the same cells are hidden in every time slot (Tong et al. 2022,
    section 3.3). The arguments are those of `Sampler`.
    """
    n, first = integer(n, "n"), integer(first, "first")
    if n < 0:
        raise SettingsError(f"n: {n} is negative")
    sampler = Sampler(frames=frames, size=size, patch_size=patch_size, tubelet_size=tubelet_size,
                      mask_ratio=mask_ratio, seed=seed)
    out = np.empty((n, sampler.n_tokens), np.uint8)
    for i in range(n):
        sampler.mask(first + i, out[i])
    return out.view(bool)
