"""`analyze` of videos in memory says what `synvid analyze` says of the same videos in a folder, to the last digit."""

import json
import unittest

import support
import synvid


class SameFigures(unittest.TestCase):
    def check(self, dataset, reference, networks, **settings):
        out = support.WORK / f"runs-{len(list(support.WORK.iterdir()))}"
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        if reference:
            words += ["--reference", reference]
        for key, value in networks.items():
            words += ["--set", f"{key}={value}"]
        folder = support.synvid("analyze", "--dataset", dataset, "--out", out, "--seed", 5, *words).split()[-1]
        with open(f"{folder}/result.json", encoding="utf-8") as file:
            expected = {row.pop("name"): row for row in json.load(file)["metrics"]}
        found = synvid.analyze(synvid.Source(dataset), synvid.Source(reference) if reference else None, seed=5,
                               **networks, **settings)
        self.assertEqual(found, expected)
        return found

    def test_pixels(self):
        found = self.check(support.dataset("moving-shapes", videos=12), None, {}, n_frames=60, side=32)
        self.assertIn("spectrum_exponent", found)
        self.assertIn("motion", found)

    def test_distances_to_a_reference(self):
        found = self.check(support.dataset("moving-shapes", videos=12), support.dataset("standin-motion", videos=12), {},
                           n_frames=60, side=32, groups=4)
        self.assertTrue(any(name.startswith("lab_") or "color" in name for name in found), found.keys())

    def test_features_of_networks(self):
        run = support.WORK / "pretrained"
        support.synvid("pretrain", "--config", "vit_test", "--variant", "moving-shapes", "--clips", 8, "--epochs", 1,
                       "--batch", 8, "--name", "encoder", "--out", run)
        encoder = str(next(run.iterdir()))
        found = self.check(support.dataset("moving-shapes", videos=12), support.dataset("standin-motion", videos=12),
                           {"encoder": encoder}, n_frames=40, side=32, groups=4)
        self.assertTrue(any("VideoMAE" in name for name in found), found.keys())
        self.assertTrue(any("diversity" in name or "entropy" in name for name in found), found.keys())


if __name__ == "__main__":
    unittest.main()
