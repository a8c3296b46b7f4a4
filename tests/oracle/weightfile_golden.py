"""Small weight files of every kind that store/weightfile reads, written by the libraries that own the formats.

    python tests/oracle/weightfile_golden.py tests/golden/weights

Values follow from their index, so the test needs no second file: matrix[i] = i/2 - 3 in reading order, of shape (3, 4).
torch files hold {"model": tensors, "optimizer": ..., "epoch": 7, "args": Namespace}, as training scripts write them.
"""
import argparse
import collections
import sys

import numpy
import safetensors.torch
import torch


def tensors():
    matrix = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 2 - 3
    shared = torch.arange(10, dtype=torch.float32)
    return collections.OrderedDict(
        matrix=matrix,
        transposed=matrix.t(),  # strides 1, 4
        first=shared[:4],
        last=shared[6:],  # the same storage, at an offset
        half=matrix.half(),
        bfloat=matrix.bfloat16(),
        double=matrix.double(),
        long=torch.tensor([-5, 2**33], dtype=torch.int64),
        byte=torch.tensor([0, 255], dtype=torch.uint8),
        flag=torch.tensor([True, False]),
        scalar=torch.tensor(2.5),
        parameter=torch.nn.Parameter(matrix[0].clone()),
    )


class Scripted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)
        with torch.no_grad():
            self.layer.weight.copy_(tensors()["matrix"])
            self.layer.bias.zero_()

    def forward(self, x):
        return self.layer(x)


def main(folder):
    whole = {
        "model": tensors(),
        "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 1e-3}]},
        "epoch": 7,
        "args": argparse.Namespace(lr=1e-3, name="test"),
    }
    torch.save(whole, f"{folder}/zip.pt")
    torch.save(whole, f"{folder}/legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.script(Scripted()).save(f"{folder}/script.pt")
    dense = {name: value.detach().clone().contiguous() for name, value in tensors().items()}
    safetensors.torch.save_file(dense, f"{folder}/plain.safetensors")
    arrays = {name: value.numpy() for name, value in dense.items() if name != "bfloat"}
    arrays["transposed"] = numpy.asfortranarray(arrays["transposed"])
    numpy.savez(f"{folder}/plain.npz", **arrays)
    numpy.savez_compressed(f"{folder}/deflated.npz", **arrays)
    numpy.save(f"{folder}/array.npy", arrays["matrix"])


main(sys.argv[1])
