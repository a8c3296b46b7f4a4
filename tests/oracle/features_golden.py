"""What Inception and I3D give at every layer, and small weight files of both.

For tests/unit/test_feature_nets.c and test_network.c.

    python tests/oracle/features_golden.py tests/golden

Weights and pixels follow from a formula, so that networks of full width need no file: mix(i * 2654435761 + fnv1a(name))
(lowbias32 of C. Wellons' hash prospector) is a uniform u in [0, 1) for element i of a tensor; see `value`. The networks
run in double precision on the float32 values. Of every layer and module there are SAMPLES values, at places
mix(k) % count in the order (frame, row, column, channel), and the standard deviation of them all. inception.frames
and i3d.clip are the features of frames of odd sizes, resizing included.
"""
import collections
import sys

import numpy as np
import safetensors.torch
import torch

from feature_networks import I3D, Inception, kinetics_name
from videomae_oracle import write_golden

SAMPLES = 24
SMALL = 28  # divisor of all widths


def mix(x):
    x = np.asarray(x, np.uint64) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint64(shift)
        x = x * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def fnv1a(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def uniform(name, count):
    i = np.arange(count, dtype=np.uint64)
    return (mix(i * np.uint64(2654435761) + np.uint64(fnv1a(name))) >> np.uint64(8)).astype(np.float64) / 2**24


def value(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if len(shape) > 1:
        v = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith((".bn.weight", ".running_var")):
        v = 0.8 + 0.4 * u
    else:
        v = 0.4 * u - 0.2
    return torch.tensor(v.astype(np.float32).reshape(shape))


def fill(net):
    state = {name: value(name, tensor.shape) if tensor.is_floating_point() else tensor
             for name, tensor in net.state_dict().items()}
    net.load_state_dict(state)
    return state


def pixels(frames, rows, columns):
    """(T, H, W, 3) bytes: a ramp with noise on it."""
    t, y, x, c = np.meshgrid(np.arange(frames), np.arange(rows), np.arange(columns), np.arange(3), indexing="ij")
    noise = mix(np.arange(t.size)).reshape(t.shape).astype(np.int64) & 63
    return (2 * x + 3 * y + 11 * t + 50 * c + noise) & 255


def run(tensors, title, net, frames, rows, columns):
    net = net.double().eval()
    x = torch.tensor(pixels(frames, rows, columns) / 255 * 2 - 1)
    x = x.permute(0, 3, 1, 2) if isinstance(net, Inception) else x.permute(3, 0, 1, 2)[None]

    def see(name, y):
        flat = (y.permute(0, 2, 3, 1) if y.dim() == 4 else y.permute(0, 2, 3, 4, 1)).reshape(-1).numpy()
        places = mix(np.arange(SAMPLES)) % np.uint64(flat.size)
        tensors[f"{title}.{name}"] = np.append(flat[places.astype(int)], flat.std())
        return y

    with torch.no_grad():
        tensors[f"{title}.features"] = net(x, see).numpy().reshape(-1)


def whole(net, frames, rows, columns, side):
    """Features of frames of any size as the program gives them: brought to a square, bilinear, without antialiasing."""
    x = torch.tensor(pixels(frames, rows, columns) / 255).permute(0, 3, 1, 2)
    x = 2 * torch.nn.functional.interpolate(x, (side, side), mode="bilinear", align_corners=False) - 1
    x = x if isinstance(net, Inception) else x.transpose(0, 1)[None]
    with torch.no_grad():
        return net(x).numpy()


def main(folder):
    tensors = {}
    for title, net, sizes in (("inception", Inception(), (1, 299, 299)), ("i3d", I3D(), (16, 224, 224)),
                              ("inception_small", Inception(SMALL), (2, 107, 131)), ("i3d_small", I3D(SMALL), (11, 209, 221))):
        state = fill(net)
        run(tensors, title, net, *sizes)
        if title == "inception":
            tensors["inception.frames"] = whole(net, 5, 61, 83, 299)
        if title == "i3d":
            tensors["i3d.clip"] = whole(net, 16, 45, 77, 224)
        if not title.endswith("small"):
            continue
        state = collections.OrderedDict((name, tensor.float() if tensor.is_floating_point() else tensor)
                                        for name, tensor in state.items())
        torch.save(state, f"{folder}/weights/{title}.pt")
        renamed = {"module." + (kinetics_name(name) if title == "i3d_small" else name): t for name, t in state.items()}
        torch.save({"state_dict": renamed}, f"{folder}/weights/{title}.pth", _use_new_zipfile_serialization=False)
        safetensors.torch.save_file(state, f"{folder}/weights/{title}.safetensors")
    write_golden(f"{folder}/features.gold", tensors)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tests/golden")
