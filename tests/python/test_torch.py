"""Data sets for PyTorch: the same clips for any number of workers, forked or spawned."""

import pickle
import unittest

import numpy as np

import support
import synvid

torch = support.torch_or_skip()

import synvid.torch  # noqa: E402
from torch.utils.data import DataLoader, DistributedSampler  # noqa: E402


def batches(loader):
    """All batches of a loader, videos and masks."""
    return [[part.clone() for part in batch] for batch in loader]


class DataSets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sampler = synvid.Sampler(frames=4, size=16, patch_size=8)
        cls.sources = [synvid.Source(variant="accelerating-shapes", size=32, videos=9)]
        cls.sources += [synvid.Source(support.dataset("accelerating-shapes", storage=kind, videos=9))
                        for kind in ("raw", "deflate", "mpeg4", "latent")]

    def equal(self, a, b):
        self.assertEqual(len(a), len(b))
        for left, right in zip(a, b):
            for one, other in zip(left, right):
                self.assertTrue(torch.equal(one, other))

    def test_an_item(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        video, mask = clips[3]
        pixels, hidden = self.sources[0].clip(3, self.sampler)
        self.assertEqual((video.shape, video.dtype), ((3, 4, 16, 16), torch.float32))
        self.assertEqual((mask.shape, mask.dtype), ((8,), torch.bool))
        self.assertEqual(mask.tolist(), hidden.astype(bool).tolist())
        expected = (torch.from_numpy(pixels).float() / 255 - torch.tensor(synvid.torch.MEAN)) / torch.tensor(
            synvid.torch.DEVIATION)
        self.assertTrue(torch.equal(video, expected.permute(3, 0, 1, 2)))
        raw = synvid.torch.Clips(self.sources[0], self.sampler, dtype=torch.uint8, labels=True)
        self.assertTrue(torch.equal(raw[3][0], torch.from_numpy(pixels)))
        self.assertEqual(raw[3][2], -1)
        self.assertTrue(torch.equal(synvid.torch.normalize(raw[3][0]), video))
        self.assertRaises(IndexError, lambda: clips[9])
        self.assertRaises(IndexError, lambda: clips[-1])

    def test_workers(self):
        for source in self.sources:
            clips = synvid.torch.Clips(source, self.sampler)
            expected = batches(DataLoader(clips, batch_size=2))
            for workers in (1, 2, 4):
                with self.subTest(source=repr(source), workers=workers):
                    self.equal(expected, batches(DataLoader(clips, batch_size=2, num_workers=workers)))
            again = pickle.loads(pickle.dumps(clips))
            self.equal(expected, batches(DataLoader(again, batch_size=2)))

    def test_spawned_workers(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        stored = synvid.torch.Clips(self.sources[2], self.sampler)
        for one in (clips, stored):
            expected = batches(DataLoader(one, batch_size=2))
            self.equal(expected, batches(DataLoader(one, batch_size=2, num_workers=2, multiprocessing_context="spawn")))

    def test_epochs_reach_persistent_workers(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        loader = DataLoader(clips, batch_size=3, num_workers=2, persistent_workers=True)
        seen = []
        for epoch in (0, 1, 0):
            clips.set_epoch(epoch)
            seen.append(batches(loader))
            self.equal(seen[-1], batches(DataLoader(clips, batch_size=3)))
        self.equal(seen[0], seen[2])
        self.assertFalse(torch.equal(seen[0][0][0], seen[1][0][0]))

    def test_a_distributed_sampler(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler, dtype=torch.uint8)
        seen = []
        for rank in range(3):
            sampler = DistributedSampler(clips, num_replicas=3, rank=rank, shuffle=True, seed=1)
            for video, _ in batches(DataLoader(clips, batch_size=3, sampler=sampler)):
                seen += [one.numpy().tobytes() for one in video]
        expected = {clips[i][0].numpy().tobytes() for i in range(9)}
        self.assertEqual(len(seen), 9)
        self.assertEqual(set(seen), expected)

    def test_the_iterable_follows_pretraining(self):
        source = self.sources[0]
        expected = [torch.from_numpy(source.clip(int(i), self.sampler, epoch)[0])
                    for epoch in (2, 3) for i in source.order(epoch, 7)]
        single = synvid.torch.EpochClips(source, self.sampler, dtype=torch.uint8, seed=7, epochs=2)
        single.set_epoch(2)
        self.assertEqual(len(single), 18)
        self.equal([expected], [[video for video, _ in single]])
        for ring in (0, 5):
            clips = synvid.torch.EpochClips(source, self.sampler, dtype=torch.uint8, seed=7, epochs=2, batch=3, ring=ring)
            clips.set_epoch(2)
            self.assertEqual(len(clips), 6)
            for workers in (0, 1, 3):
                loader = DataLoader(clips, batch_size=None, num_workers=workers)
                found = [one for video, _ in batches(loader) for one in video]  # copied before the next is asked for
                self.equal([expected], [found])

    def test_whole_batches(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler, labels=True)
        expected = batches(DataLoader(clips, batch_size=4))
        order = torch.utils.data.BatchSampler(range(9), 4, drop_last=False)
        for workers in (0, 2):
            self.equal(expected, batches(DataLoader(clips, sampler=order, batch_size=None, num_workers=workers)))
        with self.assertRaises(IndexError):
            clips[[0, 9]]

    def test_the_iterable_is_shared_among_ranks(self):
        seen = []
        for rank in range(2):
            clips = synvid.torch.EpochClips(self.sources[0], self.sampler, dtype=torch.uint8, rank=rank, world_size=2)
            self.assertEqual(len(clips), 4)
            seen += [video.numpy().tobytes() for video, _ in clips]
        self.assertEqual(len(set(seen)), 8)

    def test_pretraining_masks_are_balanced(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        _, masks = next(iter(DataLoader(clips, batch_size=9)))
        self.assertTrue((masks.sum(1) == self.sampler.n_hidden).all())  # a model may gather by mask

    def test_refused(self):
        with self.assertRaises(synvid.SettingsError):
            synvid.torch.Clips("moving-circles")
        with self.assertRaises(synvid.SettingsError):
            synvid.torch.Clips(self.sources[0], dtype=torch.float16)
        with self.assertRaises(synvid.SettingsError):
            synvid.torch.EpochClips(self.sources[0], rank=2, world_size=2)
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        with self.assertRaises(synvid.SettingsError):
            clips.set_epoch(-1)

    def test_numbers_of_the_loader(self):
        clips = synvid.torch.Clips(self.sources[0], self.sampler)
        self.assertTrue(torch.equal(clips[np.int64(1)][0], clips[1][0]))
        self.assertTrue(torch.equal(clips[torch.tensor(1)][0], clips[1][0]))


if __name__ == "__main__":
    unittest.main()
