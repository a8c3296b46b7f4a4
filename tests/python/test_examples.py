"""The examples run, at their smallest."""

import csv
import importlib.util
import subprocess
import sys
import unittest

import numpy as np

import support


def example(name, *words):
    """Runs one; its standard output."""
    done = subprocess.run([sys.executable, str(support.SOURCE_DIR / "examples" / name), *map(str, words)],
                          cwd=support.WORK, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{name}: {done.returncode}\n{done.stderr}")
    return done.stdout


def needs(*modules):
    """Skips the test where one is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise unittest.SkipTest(f"{module} is not installed")


class Examples(unittest.TestCase):
    def test_measure_my_dataset(self):
        self.assertIn("spectrum_exponent", example("measure_my_dataset.py", "--videos", 4, "--frames", 20))
        np.save(support.WORK / "mine.npy", np.random.default_rng(1).integers(0, 256, (3, 20, 40, 40, 3), np.uint8))
        said = example("measure_my_dataset.py", "mine.npy", "--reference", "moving-circles", "--videos", 4, "--frames", 20)
        self.assertIn("motion", said)

    def test_official_loader(self):
        needs("torch")
        said = example("official_loader.py", "--input_size", 32, "--num_frames", 4, "--num_workers", 0)
        self.assertIn("videos (4, 3, 4, 32, 32) torch.float32", said)
        self.assertIn("6 of 8 tokens hidden", said)

    def test_hf_pretrain(self):
        needs("torch", "transformers")
        out = support.WORK / "hf"
        example("hf_pretrain.py", "--clips", 64, "--batch", 16, "--epochs", 4, "--warmup-epochs", 1, "--workers", 1,
                "--out", out)
        with open(out / "loss.csv", encoding="utf-8") as file:
            losses = [float(row["loss"]) for row in csv.DictReader(file)]
        self.assertEqual(len(losses), 16)
        self.assertLess(np.mean(losses[-4:]), losses[0])
        support.synvid("import", out, "--out", support.WORK / "imported")
        self.assertIn("96", support.synvid("inspect", support.WORK / "imported"))


if __name__ == "__main__":
    unittest.main()
