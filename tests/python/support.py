"""What the tests of the Python package share: the program beside the library, and datasets it has made."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ.get("SYNVID_PROGRAM", "synvid")
SOURCE_DIR = Path(os.environ.get("SYNVID_SOURCE_DIR", Path(__file__).parents[2]))

_folder = tempfile.TemporaryDirectory(prefix="synvid-python-")
WORK = Path(_folder.name)


def synvid(*words) -> str:
    """Runs the program; its standard output."""
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"synvid {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")
    return done.stdout


@functools.lru_cache(maxsize=None)
def dataset(variant: str, *words, storage: str = "raw", videos: int = 4, size: int = 32, seed: int = 3) -> Path:
    """A folder that `synvid generate` wrote."""
    out = WORK / f"data-{len(list(WORK.iterdir()))}"
    synvid("generate", "--variant", variant, "--out", out, "--videos", videos, "--size", size, "--seed", seed,
           "--storage", storage, "--set", "shard_videos=3", *words)
    return out


@functools.lru_cache(maxsize=None)
def pool() -> Path:
    """A small pool of textures."""
    out = WORK / "textures.h5"
    synvid("textures", "--kind", "statistical", "--set", "images=16", "--set", "size=64", "--out", out)
    return out


def torch_or_skip():
    """PyTorch, or the test is skipped."""
    try:
        import torch
    except ImportError:
        raise unittest.SkipTest("PyTorch is not installed") from None
    return torch


def pool_of(row: dict) -> str | None:
    """What a variant of the catalog draws from: pictures, videos, or both."""
    if not row["needs_pool"]:
        return None
    source = row["texture_source"]
    if "StyleGAN oriented videos" in source:
        return str(dataset("dynamic-stylegan-videos", size=32))
    parts = [str(pool())] if "real videos" not in source or "images" in source else []
    if "real videos" in source:
        parts.append(str(dataset("moving-circles", size=48)))
    return ",".join(parts)
