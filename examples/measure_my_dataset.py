#!/usr/bin/env python3
"""How far are my videos from a synthetic dataset, or from each other? Statistics of the paper for arrays in memory.

    python3 examples/measure_my_dataset.py videos.npy --reference accelerating-shapes
    python3 examples/measure_my_dataset.py videos.npy --reference other.npy --inception pt_inception.pth

videos.npy: (n, frames, height, width, 3) uint8; a folder that synvid wrote and the name of a variant will do, too, and
without any, a variant is measured. Needs NumPy.
"""
import argparse
import os

import numpy as np

import synvid


def videos_of(name, args):
    """An array, or a source of videos."""
    if name.endswith(".npy"):
        return np.load(name)
    if os.path.isdir(name):
        return synvid.Source(name)
    return synvid.Source(variant=name, videos=args.videos, size=args.size, frames=args.frames, seed=args.seed)


def main():
    """Measures, and prints a line a figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("videos_to_measure", nargs="?", default="moving-circles")
    options.add_argument("--reference", help="what to compare with")
    options.add_argument("--inception", help="weight file: FID, KID, diversity")
    options.add_argument("--i3d", help="weight file: FVD")
    options.add_argument("--encoder", help="a VideoMAE of synvid, instead of either")
    options.add_argument("--videos", type=int, default=32, help="of a variant")
    options.add_argument("--size", type=int, default=64, help="of a variant, pixels")
    options.add_argument("--frames", type=int, default=32, help="of a variant's videos")
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()

    figures = synvid.analyze(videos_of(args.videos_to_measure, args),
                             videos_of(args.reference, args) if args.reference else None,
                             inception=args.inception, i3d=args.i3d, encoder=args.encoder, seed=args.seed)
    for name, figure in figures.items():
        interval = f"  [{figure['low']:.4g}, {figure['high']:.4g}]" if "low" in figure else ""
        print(f"{name:24} {figure['value']:12.6g} {figure['unit']:8} n={figure['count']}{interval}")


if __name__ == "__main__":
    main()
