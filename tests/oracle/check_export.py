#!/usr/bin/env python3
"""Loads what `synvid export` writes with the transformers library itself and compares what both compute.

    python3 tests/oracle/check_export.py build/release/synvid [WORK_FOLDER]

Needs numpy, torch, h5py and transformers (pip install transformers torch h5py); no network. Three comparisons, each of
which ends the script with exit code 1 when it does not hold:

1. Loading: no key of the library's model is missing, unexpected or of another shape, for both classes.
2. Pre-training: loss and predictions of transformers on the exported golden model (tests/golden/import, imported by
   synvid first), against the double-precision oracle that unit.import holds synvid to within 2e-5.
3. Classification: a model that synvid trains here, exported; probabilities of transformers for the test videos, against
   those synvid wrote into predictions.csv (six decimals).

transformers fixes eps 1e-5 in decoder.norm and fc_norm where synvid and the official code have 1e-6; the differences are
shown as the library comes, and with those two set to 1e-6.
"""
import csv
import glob
import os
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
import transformers

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "import")
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
TOLERANCE = 1e-4  # as the library comes: its eps moves a value by up to 1e-5 / (2 variance)
TOLERANCE_SAME_EPS = 2e-5
MODEL = ["image_size=16", "n_frames=4", "patch_size=8", "width=16", "depth=2", "heads=2", "decoder_width=8",
         "decoder_depth=1", "decoder_heads=1"]


def read_golden(path):
    """The format is told in videomae_oracle.py."""
    types, out = [np.float32, np.uint8, np.float64], {}
    with open(path, "rb") as file:
        assert file.read(8) == b"SYNVIDG1"
        for _ in range(struct.unpack("<i", file.read(4))[0]):
            name = file.read(struct.unpack("<i", file.read(4))[0]).decode()
            kind, n_dims = struct.unpack("<ii", file.read(8))
            dims = struct.unpack(f"<{n_dims}i", file.read(4 * n_dims))
            count = int(np.prod(dims, dtype=np.int64))
            out[name] = np.frombuffer(file.read(count * np.dtype(types[kind]).itemsize), types[kind]).reshape(dims).copy()
    return out


def synvid(*words):
    done = subprocess.run([SYNVID, *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"synvid {' '.join(words)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def load(kind, folder):
    """1. Nothing may be left over on either side."""
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    wrong = {key: value for key, value in info.items() if value}
    if wrong:
        sys.exit(f"{kind.__name__}: {wrong}")
    print(f"{kind.__name__}: {len(model.state_dict())} tensors, none missing, unexpected or of another shape")
    return model.eval()


def pixels(clips):
    """(B, T, H, W, 3) bytes to the library's (B, T, 3, H, W)."""
    return ((torch.tensor(clips) / 255 - MEAN) / STD).permute(0, 1, 4, 2, 3)


def relative(found, expected):
    expected = torch.as_tensor(expected)
    return float((found - expected).norm() / expected.norm())


def expect(what, value, tolerance):
    print(f"  {what}: {value:.2g} (at most {tolerance:g})")
    if not value <= tolerance:
        sys.exit("too far apart")


def pretraining():
    golden = read_golden(f"{GOLDEN}/pretrain.gold")
    told = ["--image-size", "8", "--frames", "4", "--heads", "3", "--decoder-heads", "2"]
    run = synvid("import", f"{GOLDEN}/official.pth", "--out", "imported", *told)
    folder = synvid("export", run, "--out", "hf-imported")
    model = load(transformers.VideoMAEForPreTraining, folder)
    for name, tolerance in (("as it comes", TOLERANCE), ("with eps 1e-6 in decoder.norm", TOLERANCE_SAME_EPS)):
        with torch.no_grad():
            out = model(pixels(golden["clips"]), torch.tensor(golden["masked"]).bool())
        expect(f"loss, {name}", abs(out.loss.item() / golden["loss"][0] - 1), tolerance)
        expect(f"predictions, {name}", relative(out.logits[0], golden["prediction"]), tolerance)
        model.decoder.norm.eps = 1e-6


def frames_of(dataset, video):
    for shard in sorted(glob.glob(f"{dataset}/shard-*.h5")):
        with h5py.File(shard) as file:
            if video < file["clip_start"].shape[0] - 1:
                return file["frames"][file["clip_start"][video]:file["clip_start"][video + 1]]
            video -= file["clip_start"].shape[0] - 1
    raise IndexError(video)


def classification():
    sizes = [word for setting in MODEL for word in ("--set", f"model.{setting}")]
    learn = [*sizes, "--batch", "8", "--set", "train.micro_batch=2", "--epochs", "6", "--progress", "none"]
    for split in ("train", "test"):
        synvid("generate", "--variant", "standin-motion", "--size", "16", "--frames", "16", "--videos", "32", "--split",
               split, "--out", split, "--progress", "none")
    run = synvid("pretrain", "--dataset", "train", *learn, "--out", "runs")
    load(transformers.VideoMAEForPreTraining, synvid("export", run, "--out", "hf-pretrained"))
    tuned = synvid("finetune", "--checkpoint", run, "--train", "train", "--test", "test", *learn, "--set",
                   "data.test_clips=1", "--set", "data.test_crops=1", "--out", "runs")
    model = load(transformers.VideoMAEForVideoClassification, synvid("export", tuned, "--out", "hf-classifier"))
    with open(f"{tuned}/predictions.csv") as file:
        rows = list(csv.DictReader(file))
    clips = np.stack([frames_of("test", int(row["video"]))[::4] for row in rows])
    for name, tolerance in (("as it comes", TOLERANCE), ("with eps 1e-6 in fc_norm", TOLERANCE_SAME_EPS)):
        with torch.no_grad():
            chances = torch.softmax(model(pixels(clips)).logits, -1)
        found = chances.max(-1).values
        expect(f"probability of the predicted class, {len(rows)} videos, {name}",
               relative(found, torch.tensor([float(row["p_predicted"]) for row in rows])), tolerance)
        model.fc_norm.eps = 1e-6


SYNVID = os.path.abspath(sys.argv[1])
os.chdir(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="synvid-export-"))
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
print(f"transformers {transformers.__version__}, torch {torch.__version__}, in {os.getcwd()}")
pretraining()
classification()
