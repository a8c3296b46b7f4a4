"""Clips of pre-training for PyTorch's DataLoader.

    >>> import synvid, synvid.torch
    >>> source = synvid.Source(variant="accelerating-shapes", size=224, seed=1)
    >>> clips = synvid.torch.Clips(source)
    >>> loader = torch.utils.data.DataLoader(clips, batch_size=32, shuffle=True, num_workers=8, pin_memory=True)
    >>> for epoch in range(100):
    ...     clips.set_epoch(epoch)
    ...     for videos, masks in loader:         # (B, 3, 16, 224, 224) float32, (B, 1568) bool
    ...         ...

Both data sets work with any number of workers, forked or spawned, persistent or not, and with pinned memory; a clip is
the same whoever loads it. Rendering lets other Python threads run.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from . import _library
from ._buffers import integer
from ._errors import SettingsError
from ._sampler import Sampler
from ._source import Source

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def normalize(videos: torch.Tensor) -> torch.Tensor:
    """uint8 (..., T, H, W, 3) on any device as float32 (..., 3, T, H, W): (x / 255 - mean) / deviation of ImageNet, for
    batches that travel to the GPU as bytes."""
    mean = torch.tensor(MEAN, device=videos.device)
    deviation = torch.tensor(DEVIATION, device=videos.device)
    return ((videos.float() / 255 - mean) / deviation).movedim(-1, -4)


class _Loading:
    """What both data sets share: a source, a sampler, an epoch that all workers see, and how a clip is handed out."""

    def __init__(self, source: Source, sampler: Sampler | None, dtype: torch.dtype, labels: bool) -> None:
        if not isinstance(source, Source):
            raise SettingsError(f"source: {type(source).__name__}; expected a synvid.Source")
        if dtype not in (torch.float32, torch.uint8):
            raise SettingsError(f"dtype: {dtype}; expected torch.float32 or torch.uint8")
        self.source = source
        self.sampler = Sampler() if sampler is None else sampler
        self.dtype = dtype
        self.labels = labels
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()  # persistent workers see it change

    def set_epoch(self, epoch: int) -> None:
        """The epoch of the next iteration: other starts, crops and masks, and other videos of an endless source.
        Reaches persistent workers, too."""
        epoch = integer(epoch, "epoch")
        if epoch < 0:
            raise SettingsError(f"epoch: {epoch} is negative")
        self._epoch[0] = epoch

    @property
    def epoch(self) -> int:
        """The epoch in use."""
        return int(self._epoch[0])

    def _load(self, index: int, epoch: int):
        clip, mask = self.source.clip(index, self.sampler, epoch)
        item = [torch.from_numpy(clip) if self.dtype == torch.uint8 else _normalized(clip)]
        if mask is not None:
            item.append(torch.from_numpy(mask.view(bool)))
        if self.labels:
            item.append(self.source.label(index, epoch))
        return tuple(item) if len(item) > 1 else item[0]


def _normalized(clip: np.ndarray) -> torch.Tensor:
    frames, height, width, _ = clip.shape
    out = torch.empty(3, frames, height, width)
    _library.call("synvid_clip_normalize", out.data_ptr(), clip.ctypes.data, frames, height, width)
    return out


class Clips(_Loading, Dataset):
    """Map-style: ``clips[i]`` is (video, mask) of video i in the epoch that `set_epoch` chose, as VideoMAE's loader
    returns it.

    Args:
        source: where videos come from.
        sampler: how clips are cut and masked; None: `synvid.Sampler()`, pre-training's settings.
        dtype: torch.float32: video is (3, T, H, W), normalized with ImageNet's mean and deviation; torch.uint8: (T, H,
            W, 3) as rendered, a quarter of the bytes (see `normalize`).
        labels: adds the class (int, -1: none) to the item.

    mask: (tokens,) bool, True = hidden; left out if the sampler has no masks. An item of one thing is no tuple.
    Works with any sampler of indices, torch.utils.data.DistributedSampler among them. For pre-training's own order of
    an epoch, give the loader ``sampler=source.order(epoch, seed).tolist()``.
    """

    def __init__(self, source: Source, sampler: Sampler | None = None, *, dtype: torch.dtype = torch.float32,
                 labels: bool = False) -> None:
        super().__init__(source, sampler, dtype, labels)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int):
        index = integer(index, "index")
        if not 0 <= index < len(self.source):
            raise IndexError(f"{self.source.name}: clip {index} of {len(self.source)}")
        return self._load(index, self.epoch)


class EpochClips(_Loading, IterableDataset):
    """Iterable: whole epochs in pre-training's order, each clip once, shared out among ranks and workers.

    Args:
        source, sampler, dtype, labels: as of `Clips`.
        seed: of the order.
        epochs: passes in one iteration, from the epoch that `set_epoch` chose; None: for ever.
        rank, world_size: of this process; every rank gets equally many clips, the rest of an epoch is left out.
        group: clips that a worker gets at a time. The loader's batch size: the batches are the same for any number of
            workers.
    """

    def __init__(self, source: Source, sampler: Sampler | None = None, *, dtype: torch.dtype = torch.float32,
                 labels: bool = False, seed: int = 1, epochs: int | None = 1, rank: int = 0, world_size: int = 1,
                 group: int = 1) -> None:
        super().__init__(source, sampler, dtype, labels)
        if not 0 <= rank < world_size:
            raise SettingsError(f"rank: {rank} of {world_size}")
        if group < 1:
            raise SettingsError(f"group: {group}; expected at least 1")
        self.seed, self.epochs, self.rank, self.world_size, self.group = seed, epochs, rank, world_size, group

    def __len__(self) -> int:
        if self.epochs is None:
            raise TypeError("an endless data set has no length")
        return self.epochs * (len(self.source) // self.world_size)

    def __iter__(self) -> Iterator:
        worker = get_worker_info()
        worker_id, n_workers = (worker.id, worker.num_workers) if worker else (0, 1)
        first, done = self.epoch, 0
        position = 0  # among this rank's clips of all epochs
        while self.epochs is None or done < self.epochs:
            order = self.source.order(first + done, self.seed)
            share = len(order) // self.world_size
            for index in order[self.rank:share * self.world_size:self.world_size]:
                if position // self.group % n_workers == worker_id:
                    yield self._load(int(index), first + done)
                position += 1
            done += 1
