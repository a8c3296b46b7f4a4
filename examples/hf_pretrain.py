#!/usr/bin/env python3
"""Trains transformers' VideoMAE on videos that render themselves in the data loader, as `synvid pretrain` does with the
same seed and settings: same clips, same masks, same order, same schedule. What it saves goes back in:

    python3 examples/hf_pretrain.py --out hf
    synvid import hf --out runs/hf

Needs torch and transformers. The defaults are those of `synvid pretrain --config vit_test`, at a size for a laptop.
"""
import argparse
import csv
import math
import os

import torch
from torch.utils.data import DataLoader
from transformers import VideoMAEConfig, VideoMAEForPreTraining

import synvid
import synvid.torch

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--variant", default="accelerating-shapes")
options.add_argument("--pool", help="of a variant that needs one")
options.add_argument("--clips", type=int, default=512, help="of an epoch")
options.add_argument("--epochs", type=int, default=12)
options.add_argument("--batch", type=int, default=64)
options.add_argument("--base-lr", type=float, default=0.008, help="of a batch of 256")
options.add_argument("--warmup-epochs", type=int, default=2)
options.add_argument("--seed", type=int, default=1)
options.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
options.add_argument("--out", default="hf")
args = options.parse_args()

source = synvid.Source(variant=args.variant, pool=args.pool, videos=args.clips, size=40, frames=64,
                       options={"objects": 110}, seed=args.seed)
sampler = synvid.Sampler(frames=8, stride=8, size=40, patch_size=8, tubelet_size=2, seed=args.seed)
clips = synvid.torch.EpochClips(source, sampler, seed=args.seed, epochs=args.epochs, batch=args.batch)
loader = DataLoader(clips, batch_size=None, num_workers=args.workers, pin_memory=torch.cuda.is_available())

model = VideoMAEForPreTraining(VideoMAEConfig(
    image_size=40, num_frames=8, patch_size=8, tubelet_size=2, hidden_size=96, num_hidden_layers=4,
    num_attention_heads=3, intermediate_size=384, decoder_hidden_size=64, decoder_num_hidden_layers=2,
    decoder_num_attention_heads=2, decoder_intermediate_size=256, layer_norm_eps=1e-6, norm_pix_loss=True,
    use_mean_pooling=False))  # a norm behind the encoder, as in the official model


def initialize(module):
    """As VideoMAE's official code."""
    if isinstance(module, torch.nn.Linear):
        torch.nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)


torch.manual_seed(args.seed)
model.apply(initialize)
device = "cuda" if torch.cuda.is_available() else "cpu"
model.to(device).train()
decayed = [p for p in model.parameters() if p.ndim > 1 and min(p.shape) > 1]
others = [p for p in model.parameters() if not (p.ndim > 1 and min(p.shape) > 1)]
optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
                              betas=(0.9, 0.95))
per_epoch = args.clips // args.batch
steps, warmup, peak = per_epoch * args.epochs, per_epoch * args.warmup_epochs, args.base_lr * args.batch / 256


def rate(step):
    """A linear rise, then half a cosine."""
    if step < warmup:
        return peak * step / max(warmup - 1, 1)
    return peak / 2 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


os.makedirs(args.out, exist_ok=True)
with open(os.path.join(args.out, "loss.csv"), "w", encoding="utf-8", newline="") as file:
    curve = csv.writer(file)
    curve.writerow(["step", "loss"])
    for step, (videos, masks) in enumerate(loader):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        loss = model(videos.to(device).transpose(1, 2), bool_masked_pos=masks.to(device)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.writerow([step, f"{loss.item():.6f}"])
        if step % per_epoch == per_epoch - 1:
            print(f"epoch {step // per_epoch + 1}: loss {loss.item():.4f}", flush=True)
model.save_pretrained(args.out)
print(args.out)
