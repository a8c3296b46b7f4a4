"""The C library: found, loaded, and its functions with their types (include/synvid.h)."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

from ._errors import error_of

NAME = "libsynvid.so.0"


class SourceInfo(Structure):
    _fields_ = [("struct_size", c_size_t), ("count", c_int64), ("n_classes", c_int), ("endless", c_int),
                ("name", c_char * 128), ("digest", c_char * 40)]


class VideoInfo(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_frames", c_int), ("height", c_int), ("width", c_int), ("label", c_int)]


class ClipShape(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_frames", c_int), ("height", c_int), ("width", c_int),
                ("n_tokens", c_int), ("n_hidden", c_int)]


class Array(Structure):
    _fields_ = [("frames", c_void_p), ("n_frames", c_int), ("height", c_int), ("width", c_int)]


# name: result, arguments. Buffers are addresses: NumPy's, with their sizes checked before.
_FUNCTIONS = {
    "synvid_version": (c_char_p, []),
    "synvid_last_error": (c_char_p, []),
    "synvid_free": (None, [c_void_p]),
    "synvid_variants": (c_int, [POINTER(c_void_p)]),
    "synvid_source_open": (c_int, [POINTER(c_void_p), c_char_p]),
    "synvid_source_close": (None, [c_void_p]),
    "synvid_source_describe": (c_int, [c_void_p, POINTER(SourceInfo)]),
    "synvid_class_name": (c_char_p, [c_void_p, c_int]),
    "synvid_video_describe": (c_int, [c_void_p, c_int64, c_int64, POINTER(VideoInfo)]),
    "synvid_video_read": (c_int, [c_void_p, c_int64, c_int64, c_void_p, c_int, c_void_p, c_size_t]),
    "synvid_sampler_new": (c_int, [POINTER(c_void_p), c_char_p]),
    "synvid_sampler_free": (None, [c_void_p]),
    "synvid_sampler_describe": (c_int, [c_void_p, POINTER(ClipShape)]),
    "synvid_clip_read": (c_int, [c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_size_t, c_void_p, c_size_t]),
    "synvid_mask_draw": (c_int, [c_void_p, c_int64, c_void_p, c_size_t]),
    "synvid_epoch_order": (c_int, [c_int64, c_int64, c_int64, c_void_p]),
    "synvid_clip_normalize": (c_int, [c_void_p, c_void_p, c_int, c_int, c_int]),
    "synvid_analyze": (c_int, [POINTER(c_void_p), POINTER(Array), c_int64, POINTER(Array), c_int64, c_char_p]),
}


def library_path() -> str:
    """Which library is used: the one that SYNVID_LIBRARY names, the one in this package, or the system's."""
    asked = os.environ.get("SYNVID_LIBRARY")
    if asked:
        return asked
    own = Path(__file__).parent / "lib" / NAME
    return str(own) if own.exists() else NAME


def _mode() -> int:
    """The library's own dependencies come before what other packages have put into the process: PyTorch brings an
    OpenMP and a BLAS of its own. Preloaded libraries (sanitizers) must stay in front and forbid it."""
    deep = 0 if os.environ.get("LD_PRELOAD") else getattr(os, "RTLD_DEEPBIND", 0)
    return os.RTLD_LOCAL | os.RTLD_NOW | deep


def _load() -> ctypes.CDLL:
    path = library_path()
    try:
        library = ctypes.CDLL(path, mode=_mode())
    except OSError as error:
        raise ImportError(f"synvid: cannot load {path}: {error}. Install libsynvid0, or the package with the library "
                          "in it (pip install ./python of the source tree)") from None
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name, None)
        if function is None:
            raise ImportError(f"synvid: {path} is too old: it has no {name}")
        function.restype = result
        function.argtypes = arguments
    return library


_library = _load()


def version() -> str:
    """The library's version."""
    return _library.synvid_version().decode()


def call(name: str, *arguments) -> None:
    """Calls a function that returns a status; other threads run meanwhile. Raises its message."""
    status = getattr(_library, name)(*arguments)
    if status:
        raise error_of(status, _library.synvid_last_error().decode(errors="replace"))


def ask(name: str, *arguments):
    """Calls a function that cannot fail."""
    return getattr(_library, name)(*arguments)


class Handle:
    """A handle of the library, freed with its last reference: a call under way holds one, so that closing a source
    while another thread reads it is safe."""

    def __init__(self, opened_by: str, freed_by: str, settings: str) -> None:
        self._as_parameter_ = c_void_p()
        self._free = getattr(_library, freed_by)
        call(opened_by, byref(self._as_parameter_), settings.encode())

    def __del__(self) -> None:
        if self._as_parameter_:
            self._free(self._as_parameter_)


def text(name: str, *arguments) -> str:
    """The text that a function hands out through its first argument."""
    out = c_void_p()
    call(name, byref(out), *arguments)
    try:
        return ctypes.string_at(out).decode()
    finally:
        ask("synvid_free", out)


def described(name: str, kind, *arguments):
    """A struct of `kind`, filled."""
    out = kind(struct_size=ctypes.sizeof(kind))
    call(name, *arguments, byref(out))
    return out


__all__ = ["Array", "ClipShape", "Handle", "SourceInfo", "VideoInfo", "ask", "call", "described", "library_path",
           "text", "version"]
