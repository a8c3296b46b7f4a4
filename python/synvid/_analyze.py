"""Statistics of videos in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _library
from ._buffers import video
from ._errors import SettingsError
from ._sampler import dump
from ._source import Source


def _videos(videos, name: str) -> list[np.ndarray]:
    if getattr(videos, "ndim", 5) != 5:
        raise SettingsError(f"{name}: an array of {videos.ndim} dimensions; several videos have 5")
    if not hasattr(videos, "__iter__"):
        raise SettingsError(f"{name}: {type(videos).__name__}; expected arrays of videos or a Source")
    return [video(one, f"{name}[{i}]") for i, one in enumerate(videos)]


def _arrays(videos: list[np.ndarray]):
    return (_library.Array * len(videos))(*[_library.Array(v.ctypes.data, *v.shape[:3]) for v in videos])


def analyze(videos: np.ndarray | Sequence[np.ndarray] | Source,
            reference: np.ndarray | Sequence[np.ndarray] | Source | None = None, *,
            inception: str | os.PathLike | None = None, i3d: str | os.PathLike | None = None,
            encoder: str | os.PathLike | None = None, random_networks: int | None = None, seed: int = 1,
            threads: int = 0, **settings: Any) -> dict[str, dict[str, Any]]:
    """What ``synvid analyze`` reports of the same videos, to the last digit.

    Args:
        videos: at least 2: (n, T, H, W, 3) uint8, or a list of (T, H, W, 3) of any sizes, or a `Source`, which is
            read into memory.
        reference: real videos to compare with; None: no distances.
        inception: weight file of FID's Inception (pytorch-fid's or torchvision's names): FID, KID, diversity.
        i3d: weight file of I3D: FVD. Also ``i3d_eps``.
        encoder: run folder or checkpoint of a VideoMAE, whose features stand in for missing networks.
        random_networks: 1 to 4, to use networks with random weights.
        seed: which frames and videos are drawn.
        threads: 0: as many as there are cores.
        settings: n_frames (default 10000), n_videos (1000), frames_per_video (16), frame_stride (4), side (256),
            groups (of the jackknife): see ``synvid config explain analyze``.

    Returns:
        name -> {"value", "unit", "count", and where there is one "low", "high", "interval"}. Without networks: spectrum
        exponent, L*a*b* color, motion.

    Raises:
        SettingsError, InputError.

    Sources: Heusel et al. 2017 (FID), Unterthiner et al. 2019 (FVD), Binkowski et al. 2018 (KID); docs/analysis.md.
    """
    given = dict(settings, inception=inception, i3d=i3d, encoder=encoder, random_networks=random_networks, seed=seed,
                 threads=threads)
    text = dump({key: value for key, value in given.items() if value is not None})
    first, second = _videos(videos, "videos"), _videos([] if reference is None else reference, "reference")
    result = json.loads(_library.text("synvid_analyze", _arrays(first), len(first), _arrays(second) if second else None,
                                      len(second), text.encode()))
    return {row.pop("name"): row for row in result["metrics"]}
