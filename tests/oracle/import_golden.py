#!/usr/bin/env python3
"""Writes what tests/unit/test_import.c imports: one small model in every form it may come in, and what it computes.

    python3 tests/oracle/import_golden.py tests/golden/import

The weights are those of tests/oracle/videomae_oracle.py under official names, saved as the official scripts do, as
transformers 4 named them, and by the installed transformers itself. Needs numpy, torch, safetensors and transformers.
"""
import argparse
import os
import sys

import numpy as np
import safetensors.torch
import torch
import transformers
from videomae_oracle import (classifier_forward, classifier_model, clips_of, inputs_of, mae_features, mae_forward, mae_model,
                             masked_of, write_golden)

MODEL = dict(seed=11, B=2, n_frames=4, tubelet_size=2, image_size=8, patch_size=4, width=12, depth=2, heads=3,
             decoder_width=8, decoder_depth=1, decoder_heads=2, mask_ratio=0.75)
CLASSES = 5


def official(model):
    return {name: leaf.detach().float().contiguous() for name, leaf in model.leaves.items()}


def transformers_4(weights):
    """Written by hand from the published files, not from our table."""
    renamed = {}
    for name, value in weights.items():
        name = name.replace("encoder.patch_embed.proj", "videomae.embeddings.patch_embeddings.projection")
        name = name.replace("encoder.norm", "videomae.layernorm")
        name = name.replace("encoder.blocks", "videomae.encoder.layer").replace("decoder.blocks", "decoder.decoder_layers")
        name = name.replace("norm1", "layernorm_before").replace("norm2", "layernorm_after")
        name = name.replace("attn.proj", "attention.output.dense")
        name = name.replace("attn.q_bias", "attention.attention.q_bias").replace("attn.v_bias", "attention.attention.v_bias")
        name = name.replace("mlp.fc1", "intermediate.dense").replace("mlp.fc2", "output.dense")
        if "attn.qkv.weight" in name:
            for part, rows in zip(("query", "key", "value"), value.chunk(3)):
                renamed[name.replace("attn.qkv", "attention.attention." + part)] = rows.contiguous()
        else:
            renamed[name] = value
    return renamed


def separate_biases(weights):
    """As the first releases of transformers 5 named them."""
    renamed = {}
    for name, value in weights.items():
        renamed[name.replace("q_bias", "query.bias").replace("v_bias", "value.bias")] = value
        if name.endswith("q_bias"):
            renamed[name.replace("q_bias", "key.bias")] = torch.zeros_like(value)
    return renamed


def config(c):
    return transformers.VideoMAEConfig(
        image_size=c["image_size"], patch_size=c["patch_size"], num_frames=c["n_frames"], tubelet_size=c["tubelet_size"],
        hidden_size=c["width"], num_hidden_layers=c["depth"], num_attention_heads=c["heads"], intermediate_size=4 * c["width"],
        layer_norm_eps=1e-6, use_mean_pooling=False, decoder_num_attention_heads=c["decoder_heads"],
        decoder_hidden_size=c["decoder_width"], decoder_num_hidden_layers=c["decoder_depth"],
        decoder_intermediate_size=4 * c["decoder_width"])


def by_transformers(folder, weights):
    """As the installed library saves the model; the biases are put where this version keeps them."""
    model = transformers.VideoMAEForPreTraining(config(MODEL))
    state = {}
    for name, value in transformers_4(weights).items():
        if name not in model.state_dict():
            name = name.replace("q_bias", "query.bias").replace("v_bias", "value.bias")
        state[name] = value
    print("transformers", transformers.__version__, model.load_state_dict(state, strict=False))
    model.save_pretrained(folder)
    for extra in os.listdir(folder):
        if extra not in ("config.json", "model.safetensors"):
            os.remove(os.path.join(folder, extra))


def pretraining(folder):
    model, clips, masked = mae_model(MODEL), clips_of(MODEL, 0), masked_of(MODEL, 0)
    loss, prediction, _ = mae_forward(model, MODEL, clips, masked)
    write_golden(f"{folder}/pretrain.gold", {
        "clips": clips, "masked": masked, "loss": loss.detach().numpy().reshape(1),
        "prediction": prediction[0].detach().numpy().astype(np.float32),
        "features": mae_features(model, MODEL, clips).detach().numpy().astype(np.float32)})

    weights = official(model)
    # One tensor lies in memory as its transposed.
    weights["encoder.blocks.0.mlp.fc1.weight"] = weights["encoder.blocks.0.mlp.fc1.weight"].t().contiguous().t()
    whole = {"model": weights, "epoch": 3200, "scaler": {"scale": 65536.0}, "args": argparse.Namespace(lr=1e-3),
             "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 1e-3}]}}
    torch.save(whole, f"{folder}/official.pth")
    torch.save(whole, f"{folder}/official-legacy.pth", _use_new_zipfile_serialization=False)
    half = {name: value.half() if index % 2 else value.bfloat16() for index, (name, value) in enumerate(weights.items())}
    torch.save({"model": half}, f"{folder}/official-half.pth")

    plain = {name: value.contiguous() for name, value in weights.items()}
    os.makedirs(f"{folder}/transformers4", exist_ok=True)
    safetensors.torch.save_file(transformers_4(plain), f"{folder}/transformers4/model.safetensors", {"format": "pt"})
    config(MODEL).save_pretrained(f"{folder}/transformers4")
    by_transformers(f"{folder}/transformers5", plain)
    safetensors.torch.save_file(separate_biases(transformers_4(plain)), f"{folder}/separate-biases.safetensors")


def classifier(folder):
    c = MODEL | {"seed": 12, "n_classes": CLASSES}
    model, inputs = classifier_model(c), inputs_of(c)
    logits, _ = classifier_forward(model, c, inputs)
    write_golden(f"{folder}/classifier.gold",
                 {"inputs": inputs, "logits": logits.detach().numpy().astype(np.float32)})

    weights = official(model)
    torch.save({"module": weights, "epoch": 99}, f"{folder}/classifier.pth")
    # One bias for q, k and v. That of the keys moves all scores of a query alike: the outputs stay.
    joined = {}
    for name, value in weights.items():
        if name.endswith("attn.q_bias"):
            v = weights[name.replace("q_bias", "v_bias")]
            joined[name.replace("q_bias", "qkv.bias")] = torch.cat([value, torch.full_like(value, 0.25), v])
        elif not name.endswith("attn.v_bias"):
            joined[name] = value
    torch.save(joined, f"{folder}/classifier-joined.pth")


def main(folder):
    os.makedirs(folder, exist_ok=True)
    pretraining(folder)
    classifier(folder)


main(sys.argv[1])
