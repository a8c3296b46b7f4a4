#!/usr/bin/env python3
"""Writes the golden files of tests/unit/test_finetune_training.c.

    python3 tests/oracle/finetune_oracle.py tests/golden [FILE...]

Fine-tuning in PyTorch, double precision, written from the published description: mixup and cutmix of the reversed batch,
smoothed targets, drop path, dropout before the head, layer-wise learning rates, torch.optim.AdamW, the schedule. What is
random in training is fixed here: mixtures are constants, and what is dropped comes from an own Philox4x32-10 (Salmon,
Moraes, Dror and Shaw 2011) with the counter layout of src/math/rng.h. File format and formulas: videomae_oracle.py.
"""
import os
import sys

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from golden_formula import floats
from videomae_oracle import Model, embed, rate, write_golden

SEED = 3 + (1 << 40)
SAMPLES = [5, 6, 11, (1 << 33) + 1]
LABELS = [2, 5, 0, 5]
DROP_PATH, DROPOUT, SMOOTHING, LAYER_DECAY = 0.4, 0.5, 0.1, 0.7
LAMBDA, BOX = 0.7, (7, 3, 11, 14)  # of mixup; cutmix: x, y, width, height
RNG_DROP_PATH, RNG_DROPOUT = 12, 13


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 1 << 32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def units(purpose, item, thing, count):
    """`count` doubles in [0, 1) of one stream: 53 bits of two words each, the low word first."""
    words, block = [], 0
    while len(words) < 2 * count:
        counter = (block, thing, item & 0xFFFFFFFF, purpose << 24 | item >> 32 & 0xFFFFFF)
        words += philox(counter, (SEED & 0xFFFFFFFF, SEED >> 32))
        block += 1
    return [((words[2 * i] | words[2 * i + 1] << 32) >> 11) * 2.0**-53 for i in range(count)]


def kept(unit, rate_):
    return 0.0 if unit < rate_ else 1 / (1 - rate_)


def path_factors(c, block):
    """(2, B): of the attention and the MLP branch; rates rise linearly from 0 in the first block."""
    rate_ = DROP_PATH * block / (c["depth"] - 1)
    draws = [units(RNG_DROP_PATH, sample, block, 2) for sample in SAMPLES[:c["B"]]]
    return torch.tensor([[kept(u, rate_) for u in branch] for branch in zip(*draws)], dtype=torch.float64)


def head_factors(c):
    return torch.tensor([[kept(u, DROPOUT) for u in units(RNG_DROPOUT, sample, 0, c["width"])]
                         for sample in SAMPLES[:c["B"]]], dtype=torch.float64)


def mixed(c, step):
    """Inputs (B, 3, T, H, W) and targets (B, K): mixup in even steps, cutmix in odd ones, with the reversed batch."""
    side = c["image_size"]
    clips = torch.tensor(floats(c["seed"], f"clips {step}", (c["B"], c["n_frames"], side, side, 3), 0.0, 2.0),
                         dtype=torch.float64).permute(0, 4, 1, 2, 3)
    other, own = clips.flip(0), LAMBDA
    if step % 2 == 0:
        own = float(np.float32(LAMBDA))  # pixels are mixed in single precision
        inputs, own = own * clips + (1 - own) * other, LAMBDA
    else:
        x, y, w, h = BOX
        inputs, own = clips.clone(), 1 - w * h / side**2
        inputs[..., y:y + h, x:x + w] = other[..., y:y + h, x:x + w]
    smooth = torch.full((c["B"], c["n_classes"]), SMOOTHING / c["n_classes"], dtype=torch.float64)
    smooth[torch.arange(c["B"]), torch.tensor(LABELS[:c["B"]])] += 1 - SMOOTHING
    return inputs, own * smooth + (1 - own) * smooth.flip(0)


def block(model, c, i, x):
    p, factors = f"blocks.{i}.", path_factors(c, i)[..., None, None]
    x = x + factors[0] * model.attention(p + "attn.", model.norm(p + "norm1", x), c["heads"])
    hidden = F.gelu(model.linear(p + "mlp.fc1", model.norm(p + "norm2", x)))
    return x + factors[1] * model.linear(p + "mlp.fc2", hidden)


def forward(model, c, inputs):
    x = embed(model, "", inputs, c)
    for i in range(c["depth"]):
        # Recomputed on the way back: the attention of all blocks at once would take gigabytes.
        x = checkpoint(block, model, c, i, x, use_reentrant=False)
    return model.linear("head", model.norm("fc_norm", x.mean(1)) * head_factors(c))


def layer_of(name, depth):
    if name.startswith("patch_embed"):
        return 0
    return int(name.split(".")[1]) + 1 if name.startswith("blocks") else depth + 1


def optimizer_of(model, depth):
    groups = [{"params": [leaf], "weight_decay": 0.05 if leaf.ndim > 1 else 0.0,
               "share": LAYER_DECAY ** (depth + 1 - layer_of(name, depth))} for name, leaf in model.leaves.items()]
    return torch.optim.AdamW(groups, lr=0, betas=(0.9, 0.999), eps=1e-8)


def golden(path, c, steps):
    model, tensors, losses = Model(c["seed"]), {}, []
    model.add("patch_embed.proj.weight", c["width"], 3, c["tubelet_size"], c["patch_size"], c["patch_size"])
    model.add("patch_embed.proj.bias", c["width"])
    model.add_blocks("blocks", c["depth"], c["width"])
    model.add_norm("fc_norm", c["width"])
    model.add_linear("head", c["width"], c["n_classes"])
    optimizer = optimizer_of(model, c["depth"])
    for step in range(steps):
        optimizer.zero_grad()
        inputs, targets = mixed(c, step)
        loss = -(targets * F.log_softmax(forward(model, c, inputs), -1)).sum(-1).mean()
        loss.backward()
        losses.append(loss.item())
        if step < 2:
            tensors |= model.sketches(f"grad{step}", lambda leaf: leaf.grad)
        for group in optimizer.param_groups:
            group["lr"] = rate(step) * group["share"]
        optimizer.step()
        if step == 2:
            tensors |= model.sketches("three", lambda leaf: leaf)
    write_golden(path, {"losses": np.array(losses), **tensors})


GOLDENS = {
    "finetune.gold": lambda path: golden(path, dict(
        seed=9, B=4, n_frames=4, tubelet_size=2, image_size=24, patch_size=8, width=30, depth=4, heads=5,
        n_classes=7), 6),
    "finetune_vit_b.gold": lambda path: golden(path, dict(
        seed=10, B=1, n_frames=16, tubelet_size=2, image_size=224, patch_size=16, width=768, depth=12, heads=12,
        n_classes=101), 1),
}


def main(folder, *wanted):
    for name in wanted or GOLDENS:
        GOLDENS[name](os.path.join(folder, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
