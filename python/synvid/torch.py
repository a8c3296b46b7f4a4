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

import math
from collections.abc import Iterator, Sequence

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


    def _new_batch(self, size: int) -> list[torch.Tensor]:
        """Tensors for a batch: videos, masks, labels. In a worker they are shared memory at once, so that nothing is
        copied on the way to the main process."""
        frames, height, width, _ = self.sampler.shape
        shape = (size, frames, height, width, 3) if self.dtype == torch.uint8 else (size, 3, frames, height, width)
        parts = [_empty(shape, self.dtype)]
        if self.sampler.n_tokens:
            parts.append(_empty((size, self.sampler.n_tokens), torch.bool))
        if self.labels:
            parts.append(_empty((size,), torch.int64))
        return parts

    def _load_batch(self, indices: Sequence[int], epoch: int, parts: list[torch.Tensor]):
        masks = parts[1].numpy().view(np.uint8) if self.sampler.n_tokens else None
        pixels = parts[0].numpy() if self.dtype == torch.uint8 else None
        scratch = None if pixels is not None else np.empty(self.sampler.shape, np.uint8)
        for k, index in enumerate(indices):
            out = scratch if pixels is None else pixels[k]
            self.source.clip(int(index), self.sampler, epoch, out, None if masks is None else masks[k])
            if pixels is None:
                _normalize_into(parts[0][k], scratch)
            if self.labels:
                parts[-1][k] = self.source.label(int(index), epoch)
        return tuple(parts) if len(parts) > 1 else parts[0]


def _empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    if get_worker_info() is None:
        return torch.empty(shape, dtype=dtype)
    n = math.prod(shape)
    storage = torch.UntypedStorage._new_shared(n * dtype.itemsize)  # as torch's own default_collate
    return torch.empty(0, dtype=dtype).set_(storage, 0, shape)


def _normalize_into(out: torch.Tensor, clip: np.ndarray) -> None:
    _library.call("synvid_clip_normalize", out.data_ptr(), clip.ctypes.data, *clip.shape[:3])


def _normalized(clip: np.ndarray) -> torch.Tensor:
    frames, height, width, _ = clip.shape
    out = torch.empty(3, frames, height, width)
    _normalize_into(out, clip)
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
    ``clips[[i, j, ...]]`` is a whole batch, for a loader with a BatchSampler as its sampler and batch_size None.
    Works with any sampler of indices, torch.utils.data.DistributedSampler among them. For pre-training's own order of
    an epoch, give the loader ``sampler=source.order(epoch, seed).tolist()``.
    """

    def __init__(self, source: Source, sampler: Sampler | None = None, *, dtype: torch.dtype = torch.float32,
                 labels: bool = False) -> None:
        super().__init__(source, sampler, dtype, labels)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int | Sequence[int]):
        if isinstance(index, (list, tuple)):
            indices = [self._checked(one) for one in index]
            return self._load_batch(indices, self.epoch, self._new_batch(len(indices)))
        return self._load(self._checked(index), self.epoch)

    def _checked(self, index: int) -> int:
        index = integer(index, "index")
        if not 0 <= index < len(self.source):
            raise IndexError(f"{self.source.name}: clip {index} of {len(self.source)}")
        return index


class EpochClips(_Loading, IterableDataset):
    """Iterable: whole epochs in pre-training's order, each clip once, shared out among ranks and workers.

    Args:
        source, sampler, dtype, labels: as of `Clips`.
        seed: of the order.
        epochs: passes in one iteration, from the epoch that `set_epoch` chose; None: for ever.
        rank, world_size: of this process; every rank gets equally many clips, the rest of an epoch is left out.
        batch: clips of a batch: whole batches are handed out, to a loader with batch_size None; they are the same for
            any number of workers, and an incomplete last one is left out. 0: single clips, which the loader collects.
        ring: with batch: a worker uses the memory of so many batches again and again, instead of new memory for each,
            which the system has to clear first, a fifth of the time of rendering a clip. A batch is overwritten when `ring` more have been asked of its worker: at least the loader's prefetch_factor + 2, where a batch is
            used up before the next one is asked for (or the loader pins memory, which copies it). 0: new memory.

        >>> clips = EpochClips(source, batch=32, ring=4, epochs=None)
        >>> loader = DataLoader(clips, batch_size=None, num_workers=8, prefetch_factor=2)
    """

    def __init__(self, source: Source, sampler: Sampler | None = None, *, dtype: torch.dtype = torch.float32,
                 labels: bool = False, seed: int = 1, epochs: int | None = 1, rank: int = 0, world_size: int = 1,
                 batch: int = 0, ring: int = 0) -> None:
        super().__init__(source, sampler, dtype, labels)
        if not 0 <= rank < world_size:
            raise SettingsError(f"rank: {rank} of {world_size}")
        if batch < 0 or ring < 0 or (ring and not batch):
            raise SettingsError(f"batch, ring: {batch}, {ring}; expected numbers of clips and of batches, or 0")
        self.seed, self.epochs, self.rank, self.world_size = seed, epochs, rank, world_size
        self.batch, self.ring = batch, ring

    def __len__(self) -> int:
        if self.epochs is None:
            raise TypeError("an endless data set has no length")
        return self.epochs * (self._share() // max(self.batch, 1))

    def _share(self) -> int:
        return len(self.source) // self.world_size

    def _pieces(self) -> Iterator[tuple[int, np.ndarray]]:
        """What this worker loads: (epoch, numbers of one batch, or of one clip)."""
        worker = get_worker_info()
        worker_id, n_workers = (worker.id, worker.num_workers) if worker else (0, 1)
        size, first, done, piece = max(self.batch, 1), self.epoch, 0, 0
        while self.epochs is None or done < self.epochs:
            order = self.source.order(first + done, self.seed)
            mine = order[self.rank:self._share() * self.world_size:self.world_size]
            for begin in range(0, len(mine) - size + 1, size):
                if piece % n_workers == worker_id:
                    yield first + done, mine[begin:begin + size]
                piece += 1
            done += 1

    def __iter__(self) -> Iterator:
        if self.batch == 0:
            yield from (self._load(int(indices[0]), epoch) for epoch, indices in self._pieces())
            return
        memory = [self._new_batch(self.batch) for _ in range(self.ring)]
        for n, (epoch, indices) in enumerate(self._pieces()):
            yield self._load_batch(indices, epoch, memory[n % self.ring] if self.ring else self._new_batch(self.batch))
