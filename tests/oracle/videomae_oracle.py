#!/usr/bin/env python3
"""Writes the golden files that tests/unit/test_mae.c, test_classifier.c and test_adamw.c compare with.

    python3 tests/oracle/videomae_oracle.py tests/golden

An independent VideoMAE in PyTorch, double precision, written from the published description: small odd-sized models with
random weights and pixels, their loss, predictions, features and every gradient. Needs numpy and torch; the tests need
neither, they read the files.

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

MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)
TYPES = {"float32": 0, "uint8": 1, "float64": 2}


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
        self.random = np.random.default_rng(seed)
        self.leaves = {}

    def add(self, name, *shape, around=0.0, spread=None):
        spread = spread if spread is not None else 1.5 / np.sqrt(shape[-1] if len(shape) == 2 else np.prod(shape[1:]) or 1)
        values = (around + spread * self.random.standard_normal(shape)).astype(np.float32)
        self.leaves[name] = torch.tensor(values, dtype=torch.float64, requires_grad=True)

    def add_norm(self, name, width):
        self.add(name + ".weight", width, around=1.0, spread=0.2)
        self.add(name + ".bias", width, spread=0.2)

    def add_linear(self, name, n_in, n_out):
        self.add(name + ".weight", n_out, n_in)
        self.add(name + ".bias", n_out, spread=0.1)

    def add_blocks(self, prefix, depth, width):
        for i in range(depth):
            p = f"{prefix}.{i}."
            self.add_norm(p + "norm1", width)
            self.add(p + "attn.q_bias", width, spread=0.3)
            self.add(p + "attn.v_bias", width, spread=0.3)
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

    def golden(self):
        tensors = {"param." + name: leaf.detach().numpy().astype(np.float32) for name, leaf in self.leaves.items()}
        tensors |= {"grad." + name: leaf.grad.numpy().astype(np.float32) for name, leaf in self.leaves.items()}
        return tensors


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


def pixels_and_mask(c, random):
    clips = random.integers(0, 256, (c["B"], c["n_frames"], c["image_size"], c["image_size"], 3), dtype=np.uint8)
    # A black corner: constant patches, whose target is exactly zero.
    clips[0, :, : 2 * c["patch_size"], : 2 * c["patch_size"]] = 0
    cells = (c["image_size"] // c["patch_size"]) ** 2
    masked = np.zeros((c["B"], c["n_frames"] // c["tubelet_size"], cells), np.uint8)
    for b in range(c["B"]):
        masked[b][:, random.permutation(cells)[: int(c["mask_ratio"] * cells)]] = 1
    return clips, masked.reshape(c["B"], -1)


def mae_model(c, seed):
    model, values = Model(seed), 3 * c["tubelet_size"] * c["patch_size"] ** 2
    D, E = c["width"], c["decoder_width"]
    model.add("mask_token", 1, 1, E, spread=0.5)
    model.add("encoder.patch_embed.proj.weight", D, 3, c["tubelet_size"], c["patch_size"], c["patch_size"])
    model.add("encoder.patch_embed.proj.bias", D, spread=0.1)
    model.add_blocks("encoder.blocks", c["depth"], D)
    model.add_norm("encoder.norm", D)
    model.add_blocks("decoder.blocks", c["decoder_depth"], E)
    model.add_norm("decoder.norm", E)
    model.add_linear("decoder.head", E, values)
    model.add("encoder_to_decoder.weight", E, D)
    return model


def mae_golden(path, c, seed):
    model = mae_model(c, seed)
    clips, masked = pixels_and_mask(c, model.random)
    unit = torch.tensor(clips, dtype=torch.float64).permute(0, 4, 1, 2, 3) / 255
    video = (unit - MEAN.view(1, 3, 1, 1, 1)) / STD.view(1, 3, 1, 1, 1)
    hidden, B, E = torch.tensor(masked, dtype=torch.bool), c["B"], c["decoder_width"]

    x = embed(model, "encoder.", video, c)
    everything = model.norm("encoder.norm", model.blocks("encoder.blocks", x, c["depth"], c["heads"]))
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
    loss = ((prediction - target) ** 2).mean()
    loss.backward()
    write_golden(path, {
        "clips": clips, "masked": masked, "loss": loss.detach().numpy().reshape(1),
        "features": everything.mean(1).detach().numpy().astype(np.float32),
        "prediction": prediction[0].detach().numpy().astype(np.float32),
        "target": target[0].numpy().astype(np.float32), **model.golden()})


def classifier_golden(path, c, seed):
    model = Model(seed)
    model.add("patch_embed.proj.weight", c["width"], 3, c["tubelet_size"], c["patch_size"], c["patch_size"])
    model.add("patch_embed.proj.bias", c["width"], spread=0.1)
    model.add_blocks("blocks", c["depth"], c["width"])
    model.add_norm("fc_norm", c["width"])
    model.add_linear("head", c["width"], c["n_classes"])
    shape = (c["B"], 3, c["n_frames"], c["image_size"], c["image_size"])
    inputs = model.random.standard_normal(shape).astype(np.float32)
    labels = model.random.dirichlet(np.full(c["n_classes"], 0.5), c["B"]).astype(np.float32)

    x = model.blocks("blocks", embed(model, "", torch.tensor(inputs, dtype=torch.float64), c), c["depth"], c["heads"])
    features = x.mean(1)
    logits = model.linear("head", model.norm("fc_norm", features))
    loss = -(torch.tensor(labels, dtype=torch.float64) * F.log_softmax(logits, -1)).sum(-1).mean()
    loss.backward()
    write_golden(path, {
        "inputs": inputs, "labels": labels, "loss": loss.detach().numpy().reshape(1),
        "features": features.detach().numpy().astype(np.float32),
        "logits": logits.detach().numpy().astype(np.float32), **model.golden()})


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


def main(folder):
    mae_golden(os.path.join(folder, "mae_mask75.gold"), dict(
        B=3, n_frames=6, tubelet_size=2, image_size=40, patch_size=8, width=36, depth=2, heads=3,
        decoder_width=20, decoder_depth=2, decoder_heads=2, mask_ratio=0.75), 1)
    mae_golden(os.path.join(folder, "mae_mask90.gold"), dict(
        B=2, n_frames=4, tubelet_size=1, image_size=56, patch_size=14, width=28, depth=3, heads=4,
        decoder_width=27, decoder_depth=1, decoder_heads=3, mask_ratio=0.9), 2)
    # Widths that are whole vectors take the hand-written products; the others do not.
    mae_golden(os.path.join(folder, "mae_aligned.gold"), dict(
        B=2, n_frames=4, tubelet_size=2, image_size=16, patch_size=4, width=48, depth=1, heads=3,
        decoder_width=32, decoder_depth=1, decoder_heads=1, mask_ratio=0.75), 5)
    classifier_golden(os.path.join(folder, "classifier.gold"), dict(
        B=3, n_frames=4, tubelet_size=2, image_size=24, patch_size=8, width=30, depth=2, heads=5, n_classes=7), 3)
    adamw_golden(os.path.join(folder, "adamw.gold"), 4)


if __name__ == "__main__":
    main(sys.argv[1])
