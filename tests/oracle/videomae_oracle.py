#!/usr/bin/env python3
"""Writes the golden files that test_mae.c, test_mae_training.c, test_classifier.c and test_adamw.c compare with.

    python3 tests/oracle/videomae_oracle.py tests/golden [FILE...]

An independent VideoMAE in PyTorch, double precision, written from the published description: small odd-sized models and
the official sizes S and B; loss, predictions, features, every gradient, and training with torch.optim.AdamW. Weights, pixels and
masks come from formulas that the tests know too (golden_formula.py); of long results a file holds sketches. Needs numpy
and torch; the tests need neither, they read the files.

A golden file is: 8 bytes "SYNVIDG1", int32 number of tensors, then for each tensor int32 length of its name, the name,
int32 type (0 float32, 1 uint8, 2 float64), int32 number of dimensions, int32 dimensions (slowest first), the data.
Everything little-endian. tests/golden_file.h reads it.
"""
import os
import struct
import sys

import numpy as np
import torch
from torch.nn import functional as F

from golden_formula import bytes_of, floats, parameter, sketch, smallest

MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)
TYPES = {"float32": 0, "uint8": 1, "float64": 2}
PEAK, MINIMUM, WARMUP, TOTAL = 1e-3, 1e-5, 3, 10  # the schedule of training, in steps


def write_golden(path, tensors):
    with open(path, "wb") as out:
        out.write(b"SYNVIDG1" + struct.pack("<i", len(tensors)))
        for name, tensor in tensors.items():
            array = np.asarray(tensor)
            out.write(struct.pack("<i", len(name)) + name.encode())
            out.write(struct.pack("<ii", TYPES[array.dtype.name], array.ndim))
            out.write(struct.pack(f"<{array.ndim}i", *array.shape))
            out.write(np.ascontiguousarray(array).tobytes())
    print(f"{path}: {os.path.getsize(path)} bytes")


class Model:
    """Named float64 leaves rounded to float32 first, so that both sides start from the same numbers."""

    def __init__(self, seed):
        self.seed = seed
        self.leaves = {}

    def add(self, name, *shape):
        values = parameter(self.seed, name, shape)
        self.leaves[name] = torch.tensor(values, dtype=torch.float64, requires_grad=True)

    def add_norm(self, name, width):
        self.add(name + ".weight", width)
        self.add(name + ".bias", width)

    def add_linear(self, name, n_in, n_out):
        self.add(name + ".weight", n_out, n_in)
        self.add(name + ".bias", n_out)

    def add_blocks(self, prefix, depth, width):
        for i in range(depth):
            p = f"{prefix}.{i}."
            self.add_norm(p + "norm1", width)
            self.add(p + "attn.q_bias", width)
            self.add(p + "attn.v_bias", width)
            self.add(p + "attn.qkv.weight", 3 * width, width)
            self.add_linear(p + "attn.proj", width, width)
            self.add_norm(p + "norm2", width)
            self.add_linear(p + "mlp.fc1", width, 4 * width)
            self.add_linear(p + "mlp.fc2", 4 * width, width)

    def __getitem__(self, name):
        return self.leaves[name]

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self[name + ".weight"], self[name + ".bias"], 1e-6)

    def linear(self, name, x):
        return F.linear(x, self[name + ".weight"], self[name + ".bias"])

    def attention(self, p, x, heads):
        B, N, D = x.shape
        bias = torch.cat([self[p + "q_bias"], torch.zeros(D, dtype=torch.float64), self[p + "v_bias"]])
        qkv = F.linear(x, self[p + "qkv.weight"], bias).reshape(B, N, 3, heads, D // heads)
        q, k, v = (qkv[:, :, i].transpose(1, 2) for i in range(3))
        weights = torch.softmax(q @ k.mT / (D // heads) ** 0.5, dim=-1)
        return self.linear(p + "proj", (weights @ v).transpose(1, 2).reshape(B, N, D))

    def blocks(self, prefix, x, depth, heads):
        for i in range(depth):
            p = f"{prefix}.{i}."
            x = x + self.attention(p + "attn.", self.norm(p + "norm1", x), heads)
            x = x + self.linear(p + "mlp.fc2", F.gelu(self.linear(p + "mlp.fc1", self.norm(p + "norm2", x))))
        return x

    def sketches(self, kind, values):
        return {f"{kind}.{name}": sketch(values(leaf).detach().numpy()) for name, leaf in self.leaves.items()}


def position_table(n_tokens, width):
    p, j = np.arange(n_tokens)[:, None], np.arange(width)[None]
    angle = p / 10000 ** (2 * (j // 2) / width)
    # The published table is rounded to single precision.
    return torch.tensor(np.where(j % 2, np.cos(angle), np.sin(angle)).astype(np.float32), dtype=torch.float64)


def embedding_patches(video, c):
    """(B, 3, T, H, W) -> (B, N, 3*S*P*P), channel slowest."""
    return cut(video, c).permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(video.shape[0], n_tokens(c), -1)


def target_patches(video, c):
    """The same patches, channel fastest: (B, N, pixels, 3)."""
    return cut(video, c).permute(0, 2, 4, 6, 3, 5, 7, 1).reshape(video.shape[0], n_tokens(c), -1, 3)


def cut(video, c):
    g, P, S = c["image_size"] // c["patch_size"], c["patch_size"], c["tubelet_size"]
    return video.reshape(video.shape[0], 3, c["n_frames"] // S, S, g, P, g, P)


def n_tokens(c):
    return c["n_frames"] // c["tubelet_size"] * (c["image_size"] // c["patch_size"]) ** 2


def embed(model, prefix, video, c):
    weight = model[prefix + "patch_embed.proj.weight"].flatten(1)
    x = F.linear(embedding_patches(video, c), weight, model[prefix + "patch_embed.proj.bias"])
    return x + position_table(n_tokens(c), c["width"])


def clips_of(c, step):
    shape = (c["B"], c["n_frames"], c["image_size"], c["image_size"], 3)
    clips = bytes_of(c["seed"], f"clips {step}", shape)
    # A black corner: constant patches, whose target is exactly zero.
    clips[0, :, : 2 * c["patch_size"], : 2 * c["patch_size"]] = 0
    return clips


def masked_of(c, step):
    """Tube masks (B, N): 1 = hidden."""
    cells = (c["image_size"] // c["patch_size"]) ** 2
    slots = c["n_frames"] // c["tubelet_size"]
    hidden = int(c["mask_ratio"] * cells)
    return np.stack([np.tile(smallest(c["seed"], f"mask {step} {b}", cells, hidden), slots) for b in range(c["B"])])


def mae_model(c):
    model, values = Model(c["seed"]), 3 * c["tubelet_size"] * c["patch_size"] ** 2
    D, E = c["width"], c["decoder_width"]
    model.add("mask_token", 1, 1, E)
    model.add("encoder.patch_embed.proj.weight", D, 3, c["tubelet_size"], c["patch_size"], c["patch_size"])
    model.add("encoder.patch_embed.proj.bias", D)
    model.add_blocks("encoder.blocks", c["depth"], D)
    model.add_norm("encoder.norm", D)
    model.add_blocks("decoder.blocks", c["decoder_depth"], E)
    model.add_norm("decoder.norm", E)
    model.add_linear("decoder.head", E, values)
    model.add("encoder_to_decoder.weight", E, D)
    return model


def mae_forward(model, c, clips, masked):
    """Loss, prediction and target (B, hidden tokens, values)."""
    unit = torch.tensor(clips, dtype=torch.float64).permute(0, 4, 1, 2, 3) / 255
    hidden, B, E = torch.tensor(masked, dtype=torch.bool), c["B"], c["decoder_width"]
    x = embed(model, "encoder.", normalized(unit), c)
    seen = model.blocks("encoder.blocks", x[~hidden].reshape(B, -1, c["width"]), c["depth"], c["heads"])
    bridge = F.linear(model.norm("encoder.norm", seen), model["encoder_to_decoder.weight"])
    positions = position_table(n_tokens(c), E).expand(B, -1, -1)
    seen = bridge + positions[~hidden].reshape(B, -1, E)
    unseen = model["mask_token"] + positions[hidden].reshape(B, -1, E)
    y = model.blocks("decoder.blocks", torch.cat([seen, unseen], 1), c["decoder_depth"], c["decoder_heads"])
    y = model.norm("decoder.norm", y[:, seen.shape[1]:])
    prediction = model.linear("decoder.head", y)

    patches = target_patches(unit, c)
    centered = patches - patches.mean(2, keepdim=True)
    target = centered / (patches.var(2, unbiased=True, keepdim=True).sqrt() + 1e-6)
    target = target.flatten(2)[hidden].reshape(prediction.shape)
    return ((prediction - target) ** 2).mean(), prediction, target


def normalized(unit):
    return (unit - MEAN.view(1, 3, 1, 1, 1)) / STD.view(1, 3, 1, 1, 1)


def mae_features(model, c, clips):
    unit = torch.tensor(clips, dtype=torch.float64).permute(0, 4, 1, 2, 3) / 255
    x = model.blocks("encoder.blocks", embed(model, "encoder.", normalized(unit), c), c["depth"], c["heads"])
    return model.norm("encoder.norm", x).mean(1)


def rate(step):
    """The official schedule: linear from 0 over WARMUP steps, then half a cosine."""
    if step < WARMUP:
        return PEAK * step / (WARMUP - 1)
    return MINIMUM + (PEAK - MINIMUM) / 2 * (1 + np.cos(np.pi * (step - WARMUP) / (TOTAL - WARMUP)))


def optimizer_of(model):
    """No decay for vectors and the mask token."""
    decays = {name: leaf.ndim > 1 and name != "mask_token" for name, leaf in model.leaves.items()}
    groups = [{"params": [leaf for name, leaf in model.leaves.items() if decays[name] == decay], "weight_decay": wd}
              for decay, wd in ((True, 0.05), (False, 0.0))]
    return torch.optim.AdamW(groups, lr=0, betas=(0.9, 0.95), eps=1e-8)


def mae_golden(path, c, steps=TOTAL):
    """The first step in detail, then training: fresh clips and masks every step."""
    model, tensors, losses = mae_model(c), {}, []
    optimizer = optimizer_of(model)
    for step in range(steps):
        optimizer.zero_grad()
        loss, prediction, target = mae_forward(model, c, clips_of(c, step), masked_of(c, step))
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            tensors |= {"prediction": sketch(prediction[0].detach()), "target": sketch(target[0]),
                        **model.sketches("grad", lambda leaf: leaf.grad)}
            if not c.get("large"):
                tensors["features"] = mae_features(model, c, clips_of(c, 0)).detach().numpy().astype(np.float32)
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.step()
        if step == 2:
            tensors |= model.sketches("three", lambda leaf: leaf)
    write_golden(path, {"losses": np.array(losses), **tensors})


def classifier_model(c):
    model = Model(c["seed"])
    model.add("patch_embed.proj.weight", c["width"], 3, c["tubelet_size"], c["patch_size"], c["patch_size"])
    model.add("patch_embed.proj.bias", c["width"])
    model.add_blocks("blocks", c["depth"], c["width"])
    model.add_norm("fc_norm", c["width"])
    model.add_linear("head", c["width"], c["n_classes"])
    return model


def inputs_of(c):
    return floats(c["seed"], "inputs", (c["B"], 3, c["n_frames"], c["image_size"], c["image_size"]), 0.0, 2.0)


def classifier_forward(model, c, inputs):
    """Logits, and features before fc_norm."""
    x = model.blocks("blocks", embed(model, "", torch.tensor(inputs, dtype=torch.float64), c), c["depth"], c["heads"])
    features = x.mean(1)
    return model.linear("head", model.norm("fc_norm", features)), features


def classifier_golden(path, c):
    model = classifier_model(c)
    labels = floats(c["seed"], "labels", (c["B"], c["n_classes"]), 1.0, 1.0).astype(np.float64)
    labels = (labels / labels.sum(1, keepdims=True)).astype(np.float32)
    logits, features = classifier_forward(model, c, inputs_of(c))
    loss = -(torch.tensor(labels, dtype=torch.float64) * F.log_softmax(logits, -1)).sum(-1).mean()
    loss.backward()
    write_golden(path, {
        "labels": labels, "loss": loss.detach().numpy().reshape(1),
        "features": features.detach().numpy().astype(np.float32),
        "logits": logits.detach().numpy().astype(np.float32), **model.sketches("grad", lambda leaf: leaf.grad)})


def adamw_golden(path, seed):
    """Three steps of torch.optim.AdamW on a decaying matrix and an undecayed vector with half the rate."""
    random = np.random.default_rng(seed)
    weight, bias = (random.standard_normal(s).astype(np.float32) for s in ((7, 13), (13,)))
    leaves = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in (weight, bias)]
    rates = [1e-3, 5e-3, 2e-3]
    optimizer = torch.optim.AdamW([
        {"params": [leaves[0]], "weight_decay": 0.05, "share": 1.0},
        {"params": [leaves[1]], "weight_decay": 0.0, "share": 0.5}], betas=(0.9, 0.95), eps=1e-8)
    tensors = {"weight": weight, "bias": bias, "rates": np.array(rates)}
    for step, rate in enumerate(rates):
        for group, leaf, name in zip(optimizer.param_groups, leaves, ("weight", "bias")):
            group["lr"] = rate * group["share"]
            grad = random.standard_normal(leaf.shape).astype(np.float32)
            leaf.grad = torch.tensor(grad, dtype=torch.float64)
            tensors[f"grad{step}.{name}"] = grad
        optimizer.step()
    tensors["final.weight"], tensors["final.bias"] = (leaf.detach().numpy().astype(np.float32) for leaf in leaves)
    write_golden(path, tensors)


GOLDENS = {
    "mae_mask75.gold": lambda path: mae_golden(path, dict(
        seed=1, B=3, n_frames=6, tubelet_size=2, image_size=40, patch_size=8, width=36, depth=2, heads=3,
        decoder_width=20, decoder_depth=2, decoder_heads=2, mask_ratio=0.75)),
    "mae_mask90.gold": lambda path: mae_golden(path, dict(
        seed=2, B=2, n_frames=4, tubelet_size=1, image_size=56, patch_size=14, width=28, depth=3, heads=4,
        decoder_width=27, decoder_depth=1, decoder_heads=3, mask_ratio=0.9)),
    # Widths that are whole vectors take the hand-written products; the others do not.
    "mae_aligned.gold": lambda path: mae_golden(path, dict(
        seed=5, B=2, n_frames=4, tubelet_size=2, image_size=16, patch_size=4, width=48, depth=1, heads=3,
        decoder_width=32, decoder_depth=1, decoder_heads=1, mask_ratio=0.75)),
    "mae_deep.gold": lambda path: mae_golden(path, dict(
        seed=6, B=2, n_frames=8, tubelet_size=2, image_size=48, patch_size=8, width=32, depth=6, heads=2,
        decoder_width=16, decoder_depth=3, decoder_heads=1, mask_ratio=0.9)),
    "mae_vit_s.gold": lambda path: mae_golden(path, dict(
        seed=7, B=1, n_frames=16, tubelet_size=2, image_size=224, patch_size=16, width=384, depth=12, heads=6,
        decoder_width=192, decoder_depth=4, decoder_heads=3, mask_ratio=0.9, large=True), 3),
    "mae_vit_b.gold": lambda path: mae_golden(path, dict(
        seed=8, B=1, n_frames=16, tubelet_size=2, image_size=224, patch_size=16, width=768, depth=12, heads=12,
        decoder_width=384, decoder_depth=4, decoder_heads=6, mask_ratio=0.9, large=True), 1),
    "classifier.gold": lambda path: classifier_golden(path, dict(
        seed=3, B=3, n_frames=4, tubelet_size=2, image_size=24, patch_size=8, width=30, depth=2, heads=5, n_classes=7)),
    "adamw.gold": lambda path: adamw_golden(path, 4),
}


def main(folder, *wanted):
    for name in wanted or GOLDENS:
        GOLDENS[name](os.path.join(folder, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
