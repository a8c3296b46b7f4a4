"""Whatever a caller does: an exception with the library's message, never a crash. `test_hostile.py 2000` makes that
many random calls (also under the address sanitizer)."""

import os
import random
import sys
import unittest

import numpy as np

import support
import synvid


class Wrong(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = synvid.Source(variant="moving-circles", size=32, videos=3)
        cls.sampler = synvid.Sampler(frames=4, size=16, patch_size=8)

    def refuse(self, words, call, *arguments, kind=synvid.SettingsError, **named):
        with self.assertRaisesRegex(kind, words):
            call(*arguments, **named)

    def test_buffers(self):
        clip, mask = self.source.clip(0, self.sampler)
        read = self.source.clip
        self.refuse("expected uint8", read, 0, self.sampler, out=clip.astype(np.float32))
        self.refuse("expected uint8", read, 0, self.sampler, out=clip[:2])
        self.refuse("without gaps", read, 0, self.sampler, out=np.zeros((16, 16, 4, 3), np.uint8).transpose(2, 0, 1, 3))
        self.refuse("expected a NumPy array", read, 0, self.sampler, out=[1, 2])
        self.refuse("mask", read, 0, self.sampler, mask=mask[:3])
        frozen = clip.copy()
        frozen.flags.writeable = False
        self.refuse("writable", read, 0, self.sampler, out=frozen)
        self.refuse("expected uint8", self.source.video, 0, out=clip)

    def test_numbers(self):
        read = self.source.clip
        self.refuse("there are 0 to 2", read, 3, self.sampler)
        self.refuse("there are 0 to 2", read, -1, self.sampler)
        self.refuse("epoch -1", read, 0, self.sampler, epoch=-1)
        self.refuse("epoch", read, 0, self.sampler, epoch=2**62)
        self.refuse("out of range", read, 2**80, self.sampler)
        self.refuse("whole number", read, 1.5, self.sampler)
        self.refuse("whole number", read, None, self.sampler)
        self.refuse("frame 100000", self.source.video, 0, frames=[0, 100000])
        self.refuse("frame -1", self.source.video, 0, frames=[-1])
        self.refuse("no frame", self.source.video, 0, frames=[])
        self.refuse("frame numbers", self.source.video, 0, frames="all")
        self.refuse("sample", self.sampler.mask, -5)

    def test_settings(self):
        self.refuse("did you mean", synvid.Source, variant="moving-circels")
        self.refuse("give a dataset", synvid.Source)
        self.refuse("choose one", synvid.Source, "x", variant="moving-circles")
        self.refuse("size", synvid.Source, variant="moving-circles", size=-1)
        self.refuse("size", synvid.Source, variant="moving-circles", size=float("nan"))
        self.refuse("seed", synvid.Source, variant="moving-circles", seed=2**60)
        self.refuse("objects", synvid.Source, variant="moving-circles", options={"objects": object()})
        self.refuse("objects", synvid.Source, variant="moving-circles", options={"objekts": 1})
        self.refuse("variant", synvid.Source, variant=7)
        self.refuse("mask_ratio", synvid.Sampler, mask_ratio=2)
        self.refuse("multiple", synvid.Sampler, size=225)
        self.refuse("crop", synvid.Sampler, crop="round")
        self.refuse("n:", synvid.masks, -1)

    def test_files(self):
        self.refuse("nowhere", synvid.Source, "/nowhere/at/all", kind=synvid.InputError)
        self.refuse("nowhere.h5", synvid.Source, variant="accelerating-images", pool="nowhere.h5",
                    kind=synvid.InputError)
        self.refuse("pool", synvid.Source, variant="accelerating-images", kind=synvid.Error)
        broken = support.WORK / "broken"
        broken.mkdir()
        (broken / "dataset.json").write_text('{"schema": ')
        self.refuse("dataset.json", synvid.Source, broken, kind=synvid.Error)

    def test_a_damaged_shard(self):
        folder = support.dataset("static-circles", seed=99)
        shard = sorted(folder.glob("shard-*.h5"))[1]
        shard.write_bytes(shard.read_bytes()[:-500])
        source = synvid.Source(folder)
        self.refuse(shard.name, lambda: source[3], kind=synvid.Error)
        self.assertEqual(source[0].ndim, 4)  # in the shard before

    def test_closed(self):
        with synvid.Source(variant="moving-circles", size=32) as source:
            source.video(0, frames=[0])
        self.refuse("closed", source.video, 0)
        self.refuse("closed", source.clip, 0, self.sampler)
        self.refuse("closed", source.label, 0)
        source.close()
        self.assertIn("closed", repr(source))

    def test_analyze(self):
        videos = np.zeros((2, 4, 32, 32, 3), np.uint8)
        self.refuse("expected a NumPy array of uint8", synvid.analyze, videos.astype(float))
        self.refuse("4 dimensions", synvid.analyze, videos[0])
        self.refuse("no video", synvid.analyze, [])
        self.refuse("at least 2", synvid.analyze, videos[:1], kind=synvid.Error)
        self.refuse("nowhere", synvid.analyze, videos, inception="/nowhere", kind=synvid.Error)
        self.refuse("without a reference", synvid.analyze, videos, random_networks=1)
        self.refuse("grops", synvid.analyze, videos, grops=3)
        self.refuse("belongs to the command", synvid.analyze, videos, cache=True)


# ---- random calls ----

ODD = [None, -1, 0, 1, 2, 3, 7, 2**31, 2**63, -2**70, 1.5, float("nan"), float("inf"), "", "x", "moving-circles", b"x", [],
       [1], {}, {"a": 1}, (), object(), True, np.zeros(3), np.zeros((4, 16, 16, 3), np.uint8), np.int64(2), "\0", "{}",
       "{\"extends\": \"moving-circles\"}", "é", "/", "/nowhere"]
KEYS = ["dataset", "variant", "pool", "options", "split", "videos", "size", "frames", "seed"]
SAMPLER_KEYS = ["frames", "stride", "size", "crop", "mask_ratio", "patch_size", "tubelet_size", "seed"]


def random_call(rng: random.Random, source: synvid.Source, sampler: synvid.Sampler) -> None:
    """One call with odd arguments, most of them wrong."""
    def odd():
        value = rng.choice(ODD)
        return value.copy() if isinstance(value, np.ndarray) else value

    def some(keys):
        return {key: odd() for key in rng.sample(keys, rng.randrange(4))}

    if rng.random() < 0.2:
        source = synvid.Source(variant="moving-circles", size=32, videos=3)
        source.close()
    calls = [
        lambda: source.clip(odd(), rng.choice([sampler, odd()]), epoch=rng.choice([0, odd()])),
        lambda: source.clip(rng.randrange(3), sampler, out=odd(), mask=odd()),
        lambda: source.video(odd(), epoch=rng.choice([0, odd()]), frames=odd(), out=odd()),
        lambda: source.video(rng.randrange(3), frames=[odd() for _ in range(rng.randrange(3))]),
        lambda: source[odd()],
        lambda: source.label(odd(), odd()),
        lambda: sampler.mask(odd(), odd()),
        lambda: synvid.masks(rng.choice([0, 1, -1, None, "x"]), **some(["frames", "size", "mask_ratio", "seed"])),
        lambda: synvid.Source(**some(KEYS)),
        lambda: synvid.Source(**{**some(["options", "split", "size", "seed", "pool"]), "variant": "moving-circles",
                                 "videos": 3}),
        lambda: synvid.Sampler(**some(SAMPLER_KEYS)),
        lambda: source.order(odd(), odd()),
        lambda: synvid.analyze(odd(), odd(), **some(["inception", "seed", "threads", "side", "groups"])),
    ]
    rng.choice(calls)()


class Random(unittest.TestCase):
    def test_random_calls(self):
        n = int(os.environ.get("SYNVID_RANDOM_CALLS", "300"))
        rng = random.Random(1)
        source = synvid.Source(variant="moving-circles", size=32, videos=3)
        sampler = synvid.Sampler(frames=4, size=16, patch_size=8)
        expected = source.clip(1, sampler)[0].copy()
        outcomes = {}
        for _ in range(n):
            try:
                random_call(rng, source, sampler)
                outcome = "returned"
            except (synvid.Error, TypeError, ValueError, IndexError, OverflowError) as error:
                outcome = type(error).__name__
                self.assertTrue(str(error))
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        np.testing.assert_array_equal(source.clip(1, sampler)[0], expected)
        self.assertGreater(outcomes.get("SettingsError", 0), n // 4)
        print(f"{n} random calls: {outcomes}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
