#!/usr/bin/env python3
"""A drop-in for `build_pretraining_dataset` of VideoMAE's official code (datasets.py): pre-training on videos that are
rendered in its data loader. In run_mae_pretraining.py, in place of `from datasets import build_pretraining_dataset`:

    from official_loader import build_pretraining_dataset

The video source is named by --data_path: a variant (`synvid variants`), or a dataset folder of synvid. The
official script stays as it is: args.num_frames, args.sampling_rate, args.input_size, args.mask_ratio, args.window_size, and a
DistributedSampler around a data set of (video, mask): (3, T, H, W) float32, normalized, and (tokens,) float64, 0 and 1.
Run as a script, it shows one batch. Needs torch.
"""
import argparse
import os

import torch

import synvid
import synvid.torch


class OfficialClips(synvid.torch.Clips):
    """Clips with masks as the official TubeMaskingGenerator returns them."""

    def __getitem__(self, index):
        video, mask = super().__getitem__(index)
        return video, mask.double().numpy()


def build_pretraining_dataset(args):
    """What the official function of this name returns, for the same arguments."""
    if os.path.isdir(args.data_path):
        source = synvid.Source(args.data_path)
    else:
        source = synvid.Source(variant=args.data_path, pool=getattr(args, "pool", None), size=args.input_size,
                               seed=args.seed)
    patch_size = args.input_size // args.window_size[1]
    sampler = synvid.Sampler(frames=args.num_frames, stride=args.sampling_rate, size=args.input_size,
                             mask_ratio=args.mask_ratio, patch_size=patch_size,
                             tubelet_size=args.num_frames // args.window_size[0], seed=args.seed)
    dataset = OfficialClips(source, sampler)
    print(f"Data Aug = multi-scale crop, tube masks; {len(source)} videos of {source.name}")
    return dataset


def main():
    """One batch, as the official script would see it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data_path", default="accelerating-shapes")
    options.add_argument("--pool")
    options.add_argument("--num_frames", type=int, default=16)
    options.add_argument("--sampling_rate", type=int, default=4)
    options.add_argument("--input_size", type=int, default=224)
    options.add_argument("--mask_ratio", type=float, default=0.75)
    options.add_argument("--batch_size", type=int, default=4)
    options.add_argument("--num_workers", type=int, default=2)
    options.add_argument("--seed", type=int, default=0)
    args = options.parse_args()
    side = args.input_size // 16  # the official script takes it from the model's patches
    args.window_size = (args.num_frames // 2, side, side)

    dataset = build_pretraining_dataset(args)
    sampler = torch.utils.data.DistributedSampler(dataset, num_replicas=1, rank=0, shuffle=True)
    loader = torch.utils.data.DataLoader(dataset, sampler=sampler, batch_size=args.batch_size, drop_last=True,
                                         num_workers=args.num_workers, pin_memory=torch.cuda.is_available())
    for epoch in range(2):
        sampler.set_epoch(epoch)
        dataset.set_epoch(epoch)  # the one line to add: other videos and crops every epoch
        videos, bool_masked_pos = next(iter(loader))
        bool_masked_pos = bool_masked_pos.flatten(1).to(torch.bool)
        print(f"epoch {epoch}: videos {tuple(videos.shape)} {videos.dtype}, mean {videos.mean():.3f}; "
              f"{int(bool_masked_pos[0].sum())} of {bool_masked_pos.shape[1]} tokens hidden")


if __name__ == "__main__":
    main()
