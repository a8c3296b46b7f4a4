"""Training steps beside PyTorch: the same networks, the same core, the same run.

    python tests/oracle/compare_step.py build/release/synvid [rounds [case ...]]
    python tests/oracle/compare_step.py build/release/synvid 2 "ViT-B, mask 0.75"
    python tests/oracle/compare_step.py build/release/synvid --mixed 2 "ViT-B, mask 0.75"

Rounds of `synvid bench step` and of PyTorch take turns on one thread; CPU time counts, so that neighbors on the machine
matter little; medians of all rounds. A step is forward, backward and AdamW of all parameters on the clips at hand; loading
them is left out on both sides. PyTorch is the one of the Python that runs this script, such as Debian's python3-torch 1.13
with /usr/bin/python3; it computes in float32, with the BLAS it comes with, in a process of its own, in up to five forms:

released  what the published VideoMAE code runs: attention as two products and a softmax (modeling_finetune.py, Attention),
          torch.optim.AdamW as optim_factory.py makes it, everything else as PyTorch comes
settings  the same with the settings that suit it best: a C library that gives nothing back and asks for huge pages
          (GLIBC_TUNABLES), the OpenMP build of the system's BLAS if it uses that, flush-to-zero
fused     scaled_dot_product_attention, which Hugging Face's VideoMAE takes by default, and AdamW in one pass;
          from PyTorch 2 on
tuned     fused, with those settings
compiled  tuned, through torch.compile; needs a C++ compiler, takes minutes to compile

With --mixed the rows are of mixed precision: synvid with bfloat16 products, and in float32 for its own gain; of PyTorch
the two best forms, each forward pass under torch.autocast("cpu", torch.bfloat16):

autocast  the tuned form
compiled  the same through torch.compile
"""
import glob
import importlib.metadata
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 3
REPETITIONS = 3
WARM_UP = 2  # steps that allocate
SIZES = {"tiny": (32, 8, 8, 96, 4, 3, 64, 2, 2), "ViT-S": (224, 16, 16, 384, 12, 6, 192, 4, 3),
         "ViT-B": (224, 16, 16, 768, 12, 12, 384, 4, 6)}
TASKS = {"mask 0.75": 0.75, "mask 0.9": 0.9, "fine-tuning": 0}
CASES = [f"{size}, {task}" for size in SIZES for task in TASKS]
FORMS = ("released", "settings", "fused", "tuned") + (("compiled",) if shutil.which("g++") else ())
MIXED_FORMS = ("autocast",) + (("compiled autocast",) if shutil.which("g++") else ())
RELEASED_CODE, BEST_SETTINGS = ("released", "settings"), ("settings", "tuned", "compiled") + MIXED_FORMS
OPENMP_BLAS = glob.glob("/usr/lib/*/openblas-openmp")  # Debian's libopenblas0-openmp; wheels bring a BLAS of their own
TUNED = {"GLIBC_TUNABLES": ":".join("glibc.malloc." + setting for setting in (
    "hugetlb=1", "mmap_threshold=17179869184", "trim_threshold=17179869184", "top_pad=268435456")),
    **({"LD_LIBRARY_PATH": OPENMP_BLAS[0]} if OPENMP_BLAS else {})}


def networks(form):
    import torch
    from torch import nn
    from torch.nn import functional as F

    def attention(q, k, v):
        if form not in RELEASED_CODE:
            return F.scaled_dot_product_attention(q, k, v)
        return ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v

    class Block(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.heads = heads
            self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x):
            B, N, D = x.shape
            q, k, v = self.qkv(self.norm1(x)).view(B, N, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
            x = x + self.proj(attention(q, k, v).transpose(1, 2).reshape(B, N, D))
            return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))

    class Encoder(nn.Module):
        def __init__(self, size):
            super().__init__()
            image, frames, patch, width, depth, heads = size[:6]
            self.n_tokens = (frames // 2) * (image // patch) ** 2
            self.embed = nn.Linear(3 * 2 * patch * patch, width)
            self.register_buffer("position", torch.randn(1, self.n_tokens, width))
            self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(depth)])

    class Pretraining(Encoder):
        def __init__(self, size):
            super().__init__(size)
            width, narrow, values = size[3], size[6], 6 * size[2] ** 2
            self.norm, self.reduce = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, narrow, bias=False)
            self.mask_token = nn.Parameter(torch.zeros(1, 1, narrow))
            self.register_buffer("decoder_position", torch.randn(1, self.n_tokens, narrow))
            self.decoder = nn.Sequential(*[Block(narrow, size[8]) for _ in range(size[7])])
            self.decoder_norm, self.head = nn.LayerNorm(narrow, eps=1e-6), nn.Linear(narrow, values)

        def forward(self, patches, seen, hidden):
            B = patches.shape[0]
            target = patches[:, hidden].view(B, len(hidden), -1, 3)
            target = (target - target.mean(2, keepdim=True)) / (target.var(2, keepdim=True).sqrt() + 1e-6)
            x = self.embed(patches[:, seen]) + self.position[:, seen]
            x = self.reduce(self.norm(self.blocks(x)))
            x = torch.cat([x + self.decoder_position[:, seen], self.mask_token + self.decoder_position[:, hidden]
                           .expand(B, -1, -1)], 1)
            x = self.head(self.decoder_norm(self.decoder(x)[:, -len(hidden):]))
            return F.mse_loss(x, target.flatten(2))

    class Classifier(Encoder):
        def __init__(self, size, n_classes=8):
            super().__init__(size)
            self.norm, self.head = nn.LayerNorm(size[3], eps=1e-6), nn.Linear(size[3], n_classes)

        def forward(self, patches, targets):
            x = self.blocks(self.embed(patches) + self.position).mean(1)
            return -(targets * F.log_softmax(self.head(self.norm(x)), -1)).sum(-1).mean()

    return Pretraining, Classifier


def torch_child(case, form):
    """Prints the seconds of each step."""
    import torch
    torch.set_num_threads(1)
    if form in BEST_SETTINGS:
        torch.set_flush_denormal(True)
    Pretraining, Classifier = networks(form)
    size, mask = SIZES[case.split(", ")[0]], TASKS[case.split(", ")[1]]
    clips = 16 if case.startswith("tiny") else 2
    torch.manual_seed(1)
    net = (Pretraining if mask else Classifier)(size)
    patches = torch.randn(clips, net.n_tokens, 6 * size[2] ** 2)
    if mask:  # a tube mask: the same places in every pair of frames
        pairs = size[1] // 2
        places = net.n_tokens // pairs
        order = torch.randperm(places)
        n_hidden = int(mask * places)
        tubes = [torch.cat([part + t * places for t in range(pairs)]) for part in (order[n_hidden:], order[:n_hidden])]
        arguments = (patches, *(part.sort().values for part in tubes))
    else:
        arguments = (patches, torch.full((clips, 8), 1 / 8))
    one_pass = {} if form in RELEASED_CODE else {"fused": True}
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-6, betas=(0.9, 0.95), weight_decay=0.05, **one_pass)
    if form.startswith("compiled"):
        net = torch.compile(net)
    mixed = form in MIXED_FORMS
    seconds = []
    for _ in range(WARM_UP + REPETITIONS * (10 if case.startswith("tiny") else 1)):
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            loss = net(*arguments)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.process_time() - start)
    print(json.dumps(seconds[WARM_UP:]))


def torch_run(case, form):
    env = {**os.environ, "OMP_NUM_THREADS": "1", **(TUNED if form in BEST_SETTINGS else {})}
    out = subprocess.run([sys.executable, __file__, "--child", case, form], check=True, capture_output=True, text=True,
                         env=env)
    return json.loads(out.stdout)


def ours(synvid, case, precision):
    out = subprocess.run([synvid, "bench", "step", "--only", case, "--precision", precision, "--seconds", "0.5", "--json"],
                         check=True, capture_output=True, text=True)
    row = json.loads(out.stdout)[0]
    return row["forward"] + row["backward"] + row["update"]


def main(synvid, mixed, rounds, cases):
    version = importlib.metadata.version("torch")
    theirs = MIXED_FORMS if mixed else FORMS if int(version.split(".")[0]) >= 2 else RELEASED_CODE
    precisions = {"bfloat16": "bfloat16", "float32": "float32"} if mixed else {"synvid": "float32"}
    names = [*precisions, *theirs]
    wide = max(10, *(len(name) + 2 for name in names))
    print(f"PyTorch {version}")
    print(f"{'seconds a step':22}" + "".join(f"{name:>{wide}}" for name in names) + "   ratios: "
          + "".join(f"{name:>{wide}}" for name in names[1:]))
    for case in cases:
        seconds = {name: [] for name in names}
        for _ in range(rounds):
            for name, precision in precisions.items():
                seconds[name].append(ours(synvid, case, precision))
            for form in theirs:
                seconds[form] += torch_run(case, form)
        us, *others = (statistics.median(seconds[name]) for name in names)
        print(f"{case:22}{us:{wide}.4f}" + "".join(f"{time:{wide}.4f}" for time in others) + 11 * " "
              + "".join(f"{time / us:{wide}.2f}" for time in others), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        torch_child(sys.argv[2], sys.argv[3])
    else:
        words = [word for word in sys.argv[1:] if word != "--mixed"]
        main(words[0], "--mixed" in sys.argv, int(words[1]) if len(words) > 1 else ROUNDS, words[2:] or CASES)
