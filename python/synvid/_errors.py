"""What can go wrong, by the library's error numbers."""

from __future__ import annotations


class Error(Exception):
    """Any failure of libsynvid; the message says what, where, what was found and what to do."""


class SettingsError(Error, ValueError):
    """A setting or an argument is not what it must be."""


class InputError(Error, OSError):
    """A file is missing, malformed or cannot be read."""


class OutOfMemory(Error, MemoryError):
    """There is not enough memory."""


_CLASSES = {2: SettingsError, 3: InputError, 4: InputError, 5: OutOfMemory}


def error_of(status: int, message: str) -> Error:
    """The exception for a status that is not 0."""
    return _CLASSES.get(status, Error)(message)
