"""FID's Inception v3 and I3D in PyTorch, after their published descriptions, with the tensor names of mseitzer/pytorch-fid
and piergiaj/pytorch-i3d. Independent of the tables in src/features: modules, not layers. `divisor` divides all widths,
rounded up.
"""
import torch
from torch import nn
from torch.nn import functional as F

EPS = 1e-3


class Unit(nn.Module):
    """Convolution without bias, batch normalization, ReLU."""

    def __init__(self, conv, n_in, n_out, kernel, stride, padding, name):
        super().__init__()
        norm = nn.BatchNorm3d if conv is nn.Conv3d else nn.BatchNorm2d
        self.kernel, self.stride, self.same = kernel, stride, padding == "same"
        setattr(self, name, conv(n_in, n_out, kernel, stride, 0 if self.same else padding, bias=False))
        self.bn = norm(n_out, eps=EPS)
        self.name = name

    def forward(self, x):
        if self.same:
            x = F.pad(x, same_padding(x.shape[2:], self.kernel, self.stride))
        return F.relu(self.bn(getattr(self, self.name)(x)))


def same_padding(sizes, kernel, stride):
    """TensorFlow's, in F.pad's order (last axis first)."""
    pads = []
    for n, k, s in zip(reversed(sizes), reversed(kernel), reversed(stride)):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        pads += [total // 2, total - total // 2]
    return pads


class Inception(nn.Module):
    def __init__(self, divisor=1):
        super().__init__()
        self.divisor = divisor
        self.unit("Conv2d_1a_3x3", 3, 32, 3, stride=2)
        self.unit("Conv2d_2a_3x3", 32, 32, 3)
        self.unit("Conv2d_2b_3x3", 32, 64, 3, padding=1)
        self.unit("Conv2d_3b_1x1", 64, 80, 1)
        self.unit("Conv2d_4a_3x3", 80, 192, 3)
        for name, n_in, pool in (("Mixed_5b", 192, [32]), ("Mixed_5c", [64, 64, 96, 32], [64]),
                                 ("Mixed_5d", [64, 64, 96, 64], [64])):
            self.unit(name + ".branch1x1", n_in, 64, 1)
            self.unit(name + ".branch5x5_1", n_in, 48, 1)
            self.unit(name + ".branch5x5_2", 48, 64, 5, padding=2)
            self.unit(name + ".branch3x3dbl_1", n_in, 64, 1)
            self.unit(name + ".branch3x3dbl_2", 64, 96, 3, padding=1)
            self.unit(name + ".branch3x3dbl_3", 96, 96, 3, padding=1)
            self.unit(name + ".branch_pool", n_in, pool[0], 1)
        n_in = [64, 64, 96, 64]
        self.unit("Mixed_6a.branch3x3", n_in, 384, 3, stride=2)
        self.unit("Mixed_6a.branch3x3dbl_1", n_in, 64, 1)
        self.unit("Mixed_6a.branch3x3dbl_2", 64, 96, 3, padding=1)
        self.unit("Mixed_6a.branch3x3dbl_3", 96, 96, 3, stride=2)
        n_in = [384, 96] + n_in
        for name, width in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
            self.unit(name + ".branch1x1", n_in, 192, 1)
            self.unit(name + ".branch7x7_1", n_in, width, 1)
            self.unit(name + ".branch7x7_2", width, width, (1, 7), padding=(0, 3))
            self.unit(name + ".branch7x7_3", width, 192, (7, 1), padding=(3, 0))
            self.unit(name + ".branch7x7dbl_1", n_in, width, 1)
            self.unit(name + ".branch7x7dbl_2", width, width, (7, 1), padding=(3, 0))
            self.unit(name + ".branch7x7dbl_3", width, width, (1, 7), padding=(0, 3))
            self.unit(name + ".branch7x7dbl_4", width, width, (7, 1), padding=(3, 0))
            self.unit(name + ".branch7x7dbl_5", width, 192, (1, 7), padding=(0, 3))
            self.unit(name + ".branch_pool", n_in, 192, 1)
            n_in = [192] * 4
        self.unit("Mixed_7a.branch3x3_1", n_in, 192, 1)
        self.unit("Mixed_7a.branch3x3_2", 192, 320, 3, stride=2)
        self.unit("Mixed_7a.branch7x7x3_1", n_in, 192, 1)
        self.unit("Mixed_7a.branch7x7x3_2", 192, 192, (1, 7), padding=(0, 3))
        self.unit("Mixed_7a.branch7x7x3_3", 192, 192, (7, 1), padding=(3, 0))
        self.unit("Mixed_7a.branch7x7x3_4", 192, 192, 3, stride=2)
        n_in = [320, 192] + n_in
        for name in ("Mixed_7b", "Mixed_7c"):
            self.unit(name + ".branch1x1", n_in, 320, 1)
            self.unit(name + ".branch3x3_1", n_in, 384, 1)
            self.unit(name + ".branch3x3_2a", 384, 384, (1, 3), padding=(0, 1))
            self.unit(name + ".branch3x3_2b", 384, 384, (3, 1), padding=(1, 0))
            self.unit(name + ".branch3x3dbl_1", n_in, 448, 1)
            self.unit(name + ".branch3x3dbl_2", 448, 384, 3, padding=1)
            self.unit(name + ".branch3x3dbl_3a", 384, 384, (1, 3), padding=(0, 1))
            self.unit(name + ".branch3x3dbl_3b", 384, 384, (3, 1), padding=(1, 0))
            self.unit(name + ".branch_pool", n_in, 192, 1)
            n_in = [320, 384, 384, 384, 384, 192]

    def width(self, channels):
        parts = channels if isinstance(channels, list) else [channels]
        return sum(-(-part // self.divisor) for part in parts)

    def unit(self, name, n_in, n_out, kernel, stride=1, padding=0):
        n_in = 3 if name == "Conv2d_1a_3x3" else self.width(n_in)
        module, parts = self, name.split(".")
        if len(parts) == 2:
            if not hasattr(self, parts[0]):
                setattr(self, parts[0], nn.Module())
            module = getattr(self, parts[0])
        setattr(module, parts[-1], Unit(nn.Conv2d, n_in, self.width(n_out), kernel, stride, padding, "conv"))

    def forward(self, x, see=lambda name, x: x):
        """x: (N, 3, H, W) in [-1, 1]. see(name, tensor) is shown every layer and module, and hands it back."""
        def run(name, x):
            module = self
            for part in name.split("."):
                module = getattr(module, part)
            return see(name, module(x))

        def down(name, x):
            return see(name, F.max_pool2d(x, 3, 2))

        def chain(m, names, x):
            for name in names:
                x = run(f"{m}.{name}", x)
            return x

        def mean(m, x):
            return see(m + ".pool", F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))

        for name in ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"):
            x = run(name, x)
        x = down("maxpool1", x)
        x = run("Conv2d_4a_3x3", run("Conv2d_3b_1x1", x))
        x = down("maxpool2", x)
        for m in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = see(m, torch.cat([chain(m, ["branch1x1"], x), chain(m, ["branch5x5_1", "branch5x5_2"], x),
                                  chain(m, ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], x),
                                  run(m + ".branch_pool", mean(m, x))], 1))
        m = "Mixed_6a"
        x = see(m, torch.cat([chain(m, ["branch3x3"], x),
                              chain(m, ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], x),
                              down(m + ".pool", x)], 1))
        for m in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = see(m, torch.cat([chain(m, ["branch1x1"], x), chain(m, [f"branch7x7_{i}" for i in (1, 2, 3)], x),
                                  chain(m, [f"branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5)], x),
                                  run(m + ".branch_pool", mean(m, x))], 1))
        m = "Mixed_7a"
        x = see(m, torch.cat([chain(m, ["branch3x3_1", "branch3x3_2"], x),
                              chain(m, [f"branch7x7x3_{i}" for i in (1, 2, 3, 4)], x), down(m + ".pool", x)], 1))
        for m in ("Mixed_7b", "Mixed_7c"):
            a = run(m + ".branch3x3_1", x)
            b = chain(m, ["branch3x3dbl_1", "branch3x3dbl_2"], x)
            pool = mean(m, x) if m == "Mixed_7b" else see(m + ".pool", F.max_pool2d(x, 3, 1, 1))
            x = see(m, torch.cat([run(m + ".branch1x1", x), run(m + ".branch3x3_2a", a), run(m + ".branch3x3_2b", a),
                                  run(m + ".branch3x3dbl_3a", b), run(m + ".branch3x3dbl_3b", b),
                                  run(m + ".branch_pool", pool)], 1))
        return x.mean((2, 3))


I3D_MODULES = {"Mixed_3b": (64, 96, 128, 16, 32, 32), "Mixed_3c": (128, 128, 192, 32, 96, 64),
               "Mixed_4b": (192, 96, 208, 16, 48, 64), "Mixed_4c": (160, 112, 224, 24, 64, 64),
               "Mixed_4d": (128, 128, 256, 24, 64, 64), "Mixed_4e": (112, 144, 288, 32, 64, 64),
               "Mixed_4f": (256, 160, 320, 32, 128, 128), "Mixed_5b": (256, 160, 320, 32, 128, 128),
               "Mixed_5c": (384, 192, 384, 48, 128, 128)}


class I3D(nn.Module):
    def __init__(self, divisor=1):
        super().__init__()
        def width(channels):
            return -(-channels // divisor)

        def unit(n_in, n_out, k, stride=1):
            return Unit(nn.Conv3d, n_in, n_out, (k,) * 3, (stride,) * 3, "same", "conv3d")

        self.Conv3d_1a_7x7 = unit(3, width(64), 7, 2)
        self.Conv3d_2b_1x1 = unit(width(64), width(64), 1)
        self.Conv3d_2c_3x3 = unit(width(64), width(192), 3)
        n_in = width(192)
        for name, widths in I3D_MODULES.items():
            w = [width(channels) for channels in widths]
            module = nn.Module()
            module.b0 = unit(n_in, w[0], 1)
            module.b1a, module.b1b = unit(n_in, w[1], 1), unit(w[1], w[2], 3)
            module.b2a, module.b2b = unit(n_in, w[3], 1), unit(w[3], w[4], 3)
            module.b3b = unit(n_in, w[5], 1)
            setattr(self, name, module)
            n_in = w[0] + w[2] + w[4] + w[5]
        self.logits = nn.Module()
        self.logits.conv3d = nn.Conv3d(n_in, width(400), 1)

    def forward(self, x, see=lambda name, x: x):
        """x: (N, 3, T, H, W) in [-1, 1]."""
        def largest(name, x, kernel, stride):
            return see(name, F.max_pool3d(F.pad(x, same_padding(x.shape[2:], kernel, stride)), kernel, stride))

        x = see("Conv3d_1a_7x7", self.Conv3d_1a_7x7(x))
        x = largest("MaxPool3d_2a_3x3", x, (1, 3, 3), (1, 2, 2))
        x = see("Conv3d_2b_1x1", self.Conv3d_2b_1x1(x))
        x = see("Conv3d_2c_3x3", self.Conv3d_2c_3x3(x))
        x = largest("MaxPool3d_3a_3x3", x, (1, 3, 3), (1, 2, 2))
        for name in I3D_MODULES:
            m = getattr(self, name)
            if name == "Mixed_4b":
                x = largest("MaxPool3d_4a_3x3", x, (3, 3, 3), (2, 2, 2))
            if name == "Mixed_5b":
                x = largest("MaxPool3d_5a_2x2", x, (2, 2, 2), (2, 2, 2))
            x = see(name, torch.cat([
                see(name + ".b0", m.b0(x)), see(name + ".b1b", m.b1b(see(name + ".b1a", m.b1a(x)))),
                see(name + ".b2b", m.b2b(see(name + ".b2a", m.b2a(x)))),
                see(name + ".b3b", m.b3b(largest(name + ".b3a", x, (3, 3, 3), (1, 1, 1))))], 1))
        x = see("avg_pool", F.avg_pool3d(x, (2, 7, 7), 1))
        return see("logits", self.logits.conv3d(x)).mean((2, 3, 4))


KINETICS = ((".b0", ".branch_0"), (".b1a", ".branch_1.0"), (".b1b", ".branch_1.1"), (".b2a", ".branch_2.0"),
            (".b2b", ".branch_2.1"), (".b3b", ".branch_3.1"), ("Mixed_", "mixed_"), ("Conv3d_", "conv3d_"),
            ("logits", "conv3d_0c_1x1"), (".bn.", ".batch3d."))


def kinetics_name(name):
    """A tensor's name in hassony2/kinetics_i3d_pytorch."""
    for old, new in KINETICS:
        name = name.replace(old, new)
    return name
