"""Synthetic videos that are rendered while they are read, and the clips, masks and statistics of video pre-training.

    >>> import synvid
    >>> source = synvid.Source(variant="moving-circles", size=64, seed=1)
    >>> source[0].shape                          # a whole video: (frames, height, width, 3), uint8
    >>> clip, mask = source.clip(0, synvid.Sampler(size=64))

* `Source`: a list of videos: a variant (see `variants()`) or a dataset folder that ``synvid generate`` or
  ``synvid ingest`` wrote. The same seed and number give the same bytes as the program, on any machine.
* `Sampler`: how a clip of pre-training is cut out of a video, and which tubes are hidden.
* `masks()`: tube masks alone. `analyze()`: FID, FVD, KID, diversity, spectrum, color and motion of videos in memory.
* `synvid.torch.Clips`, `synvid.torch.EpochClips`: data sets for PyTorch's DataLoader (imported on demand).

All work happens in the C library libsynvid, which prints nothing, starts no MPI and lets other Python threads run
meanwhile. What goes wrong is an exception with the library's message: `SettingsError` (a ValueError), `InputError`
(an OSError), `synvid.Error` for all of them.
"""

from ._analyze import analyze
from ._errors import Error, InputError, SettingsError
from ._library import library_path, version as _version
from ._sampler import Sampler, masks
from ._source import Source, variants

__version__ = _version()
__all__ = ["Error", "InputError", "Sampler", "SettingsError", "Source", "analyze", "library_path", "masks", "variants"]
