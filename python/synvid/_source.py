"""Where videos come from."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import _library
from ._buffers import integer, output
from ._errors import SettingsError
from ._sampler import Sampler, dump, dump_value


class Source(Sequence):
    """A list of videos: a variant rendered while it is read, or a dataset folder.

        >>> source = Source(variant="accelerating-images", pool="photos.h5", size=224, seed=1)
        >>> source = Source("data/moving-circles")

    ``len(source)`` videos; ``source[i]`` is video i of epoch 0, (frames, height, width, 3) uint8, equal to the byte to
    what ``synvid generate`` stores for the same seed and number.

    Args:
        dataset: folder with dataset.json, of any storage kind (raw, deflate, mpeg4, latent, encoded); or
        variant: slug (see `variants`) or file, or a dict of settings over another variant,
            ``{"extends": "moving-circles", "objects": 5}``.
        pool: files of pools and folders of videos that a variant draws from, one or several; a file may be followed
            by ":SHARE" of the draws and ":resident".
        options: changes to the variant's settings, ``{"objects": 100}``.
        split: of stand-ins, "train" or "test".
        videos: of an epoch of a variant.
        size: side of a variant's frames in pixels; 0: the variant's.
        frames: of a variant's videos; 0: lengths drawn as the variant says.
        seed: of a variant, 0 to 2**53.

    Raises:
        SettingsError: an argument is wrong. InputError: a file is missing or malformed.

    Threads may share a source, and so may processes after a fork; pickling opens it again. `close` (or ``with``) frees
    it at once, garbage collection does later.
    """

    def __init__(self, dataset: str | os.PathLike | None = None, *, variant: str | Mapping[str, Any] | None = None,
                 pool: str | os.PathLike | Sequence[str | os.PathLike] | None = None,
                 options: Mapping[str, Any] | None = None, split: str | None = None, videos: int | None = None,
                 size: int | None = None, frames: int | None = None, seed: int | None = None) -> None:
        given = dict(dataset=dataset, variant=dict(variant) if isinstance(variant, Mapping) else variant,
                     pool=_comma_list(pool), split=split, videos=videos, size=size, frames=frames, seed=seed)
        if options is not None:
            if not isinstance(options, Mapping):
                raise SettingsError(f"options: {type(options).__name__}; expected a dict of the variant's settings")
            given["with"] = [f"{key}={_typed(key, value)}" for key, value in options.items()]
        self._settings = dump({key: value for key, value in given.items() if value is not None})
        self._open()

    def _open(self) -> None:
        self._handle: _library.Handle | None = _library.Handle("synvid_source_open", "synvid_source_close",
                                                               self._settings)
        info = _library.described("synvid_source_describe", _library.SourceInfo, self._handle)
        self._count: int = info.count
        self.name: str = info.name.decode()
        """Of the dataset or variant."""
        self.digest: str = info.digest.decode()
        """Of everything that decides the videos' bytes."""
        self.endless: bool = bool(info.endless)
        """Every epoch has new videos."""
        self.n_classes: int = info.n_classes
        """0: unlabeled."""
        names = [_library.ask("synvid_class_name", self._handle, k) for k in range(self.n_classes)]
        self.class_names: list[str] | None = [name.decode() for name in names] if all(names) and names else None
        """Names of the classes, or None."""

    def _live(self) -> _library.Handle:
        handle = self._handle
        if handle is None:
            raise SettingsError(f"{self.name}: the source is closed")
        return handle

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index):
        """Video `index` of epoch 0, (frames, height, width, 3) uint8; negative ones count from the end, slices give
        lists. Raises IndexError beyond the ends."""
        if isinstance(index, slice):
            return [self.video(i) for i in range(*index.indices(self._count))]
        index = integer(index, "index")
        if not -self._count <= index < self._count:
            raise IndexError(f"{self.name}: video {index} of {self._count}")
        return self.video(index % self._count)

    def __iter__(self) -> Iterator[np.ndarray]:
        for i in range(self._count):
            yield self.video(i)

    def shape(self, index: int, epoch: int = 0) -> tuple[int, int, int, int]:
        """(frames, height, width, 3) of a video, without reading it."""
        video = self._describe(index, epoch)
        return video.n_frames, video.height, video.width, 3

    def label(self, index: int, epoch: int = 0) -> int:
        """The class of a video, 0 .. n_classes-1; -1: none."""
        return self._describe(index, epoch).label

    def labels(self) -> np.ndarray:
        """The classes of all videos of epoch 0, (len,) int64."""
        return np.array([self.label(i) for i in range(self._count)], np.int64)

    def _describe(self, index: int, epoch: int):
        return _library.described("synvid_video_describe", _library.VideoInfo, self._live(), integer(epoch, "epoch"),
                                  integer(index, "index"))

    def video(self, index: int, epoch: int = 0, frames: Sequence[int] | np.ndarray | None = None,
              out: np.ndarray | None = None) -> np.ndarray:
        """Frames of a video as they are: all, or the numbers given (repeats allowed).

        Returns (frames, height, width, 3) uint8: `out` if given, which must be just that, otherwise a new array.
        """
        n_frames, height, width, _ = self.shape(index, epoch)
        numbers = np.arange(n_frames, dtype=np.intc) if frames is None else _numbers(frames)
        out = output(out, (len(numbers), height, width, 3), np.uint8)
        _library.call("synvid_video_read", self._live(), integer(epoch, "epoch"), integer(index, "index"),
                      numbers.ctypes.data, len(numbers), out.ctypes.data, out.nbytes)
        return out

    def clip(self, index: int, sampler: Sampler, epoch: int = 0, out: np.ndarray | None = None,
             mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """The clip that pre-training loads for (epoch, index), and its mask.

        Returns (clip, mask): (T, H, W, 3) uint8 and (tokens,) uint8 with 1 = hidden, or None if the sampler has no
        masks; `out` and `mask` if given, otherwise new arrays.
        """
        if not isinstance(sampler, Sampler):
            raise SettingsError(f"sampler: {type(sampler).__name__}; expected a synvid.Sampler")
        clip = output(out, sampler.shape, np.uint8)
        if sampler.n_tokens:
            mask = output(mask, (sampler.n_tokens,), np.uint8, "mask")
        elif mask is not None:
            raise SettingsError("mask: the sampler's mask_ratio is 0")
        _library.call("synvid_clip_read", self._live(), sampler._handle, integer(epoch, "epoch"),
                      integer(index, "index"), clip.ctypes.data, clip.nbytes,
                      None if mask is None else mask.ctypes.data, 0 if mask is None else mask.nbytes)
        return clip, mask

    def order(self, epoch: int, seed: int = 1) -> np.ndarray:
        """In which order pre-training visits the videos of an epoch: (len,) int64."""
        return epoch_order(self._count, epoch, seed)

    def close(self) -> None:
        """Reading afterwards is an error; everything is freed when reads under way in other threads are done."""
        self._handle = None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __reduce__(self):
        return _source_of, (self._settings, self._handle is None)

    def __repr__(self) -> str:
        closed = " (closed)" if self._handle is None else ""
        return f"<synvid.Source {self.name}: {self._count} videos{closed}>"


def _source_of(settings: str, closed: bool) -> Source:
    source = Source.__new__(Source)
    source._settings = settings
    source._open()
    if closed:
        source.close()
    return source


def _comma_list(pool) -> str | None:
    if pool is None:
        return None
    parts = [pool] if isinstance(pool, (str, os.PathLike)) else pool
    try:
        return ",".join(os.fsdecode(part) for part in parts)
    except TypeError:
        raise SettingsError(f"pool: {pool!r}; expected a path or a list of paths") from None


def _typed(key, value) -> str:
    """A setting's value as one would type it on the command line."""
    return value if isinstance(value, str) else dump_value(f"options: {key}", value)


def _numbers(frames) -> np.ndarray:
    try:
        numbers = [operator.index(number) for number in frames]
        return np.array(numbers, np.intc)
    except (TypeError, OverflowError):
        raise SettingsError(f"frames: {frames!r}; expected a list of frame numbers") from None


def epoch_order(count: int, epoch: int, seed: int = 1) -> np.ndarray:
    """The permutation of 0 .. count-1 in which pre-training visits an epoch: (count,) int64."""
    count = integer(count, "count")
    order = np.empty(max(count, 0), np.int64)
    _library.call("synvid_epoch_order", integer(seed, "seed"), integer(epoch, "epoch"), count, order.ctypes.data)
    return order


def variants() -> list[dict[str, Any]]:
    """All variants: the paper's datasets in its order, then labeled stand-ins.

    Each a dict: variant (the slug for `Source`), title, row and table of the paper, texture_source, background, mode,
    needs_pool, classes, and the accuracies that the paper reports (ucf101, hmdb51, probe; None: not reported).
    """
    return json.loads(_library.text("synvid_variants"))
