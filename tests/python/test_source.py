"""Videos and clips are to the byte what the program stores and trains on, wherever they come from."""

import pickle
import threading
import unittest

import numpy as np

import support
import synvid


class EveryVariant(unittest.TestCase):
    def check_still(self, variant, live, stored):
        """A still clip has its picture's own size where it is rendered, the set's where it is stored."""
        self.assertIn(variant, ("shapes-static-images-5", "shapes-static-stylegan-5"))
        for video in (live, stored):
            self.assertTrue((video == video[0]).all())
        self.assertEqual(live.shape[0], stored.shape[0])

    def test_videos_are_those_that_generate_stores(self):
        for row in synvid.variants():
            with self.subTest(variant=row["variant"]):
                size = 64 if "StyleGAN" in row["texture_source"] else 32
                pool = support.pool_of(row)
                words = ("--frames", 24, *(("--pool", pool) if pool else ()))
                folder = support.dataset(row["variant"], *words, size=size)
                stored = synvid.Source(folder)
                live = synvid.Source(variant=row["variant"], pool=pool, size=size, frames=24, videos=4, seed=3)
                shards = b"".join(path.read_bytes() for path in sorted(folder.glob("shard-*.h5")))
                self.assertEqual(len(stored), 4)
                self.assertEqual(live.n_classes, row["classes"])
                for i in range(4):
                    video = live[i]
                    if video.shape[1:] != (size, size, 3):
                        self.check_still(row["variant"], video, stored[i])
                        continue
                    np.testing.assert_array_equal(video, stored[i])
                    self.assertIn(video.tobytes(), shards)  # a raw shard holds a video without gaps
                    self.assertEqual(live.label(i), stored.label(i))


class EveryStorage(unittest.TestCase):
    def test_storage_kinds(self):
        live = synvid.Source(variant="accelerating-shapes", size=32, videos=4, seed=3)
        sampler = synvid.Sampler(frames=4, size=16, patch_size=8)
        for storage in ("raw", "deflate", "latent"):
            with self.subTest(storage=storage):
                stored = synvid.Source(support.dataset("accelerating-shapes", storage=storage))
                for i in range(4):
                    np.testing.assert_array_equal(live[i], stored[i])
                    for a, b in zip(live.clip(i, sampler), stored.clip(i, sampler)):
                        np.testing.assert_array_equal(a, b)

    def test_compressed_videos_are_the_same_pictures(self):
        live = synvid.Source(variant="accelerating-shapes", size=64, videos=4, seed=3)
        stored = synvid.Source(support.dataset("accelerating-shapes", storage="mpeg4", size=64))
        for i in range(4):
            def difference(other):
                return np.mean((live[i][0].astype(float) - other[0]) ** 2)

            self.assertEqual(live[i].shape, stored[i].shape)
            self.assertLess(difference(stored[i]), difference(stored[(i + 1) % 4]) / 4)
            np.testing.assert_array_equal(stored.video(i, frames=[5, 0, 5]), stored[i][[5, 0, 5]])

    def test_files_kept_as_they_came(self):
        try:
            support.subprocess.run(["ffmpeg", "-version"], capture_output=True, check=True)
        except OSError:
            raise unittest.SkipTest("ffmpeg is not installed") from None
        folder = support.WORK / "films" / "some"
        folder.mkdir(parents=True)
        for seed in (1, 2):
            support.subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                                    f"testsrc2=size=64x48:rate=25:duration={seed}", folder / f"{seed}.mp4"], check=True)
        sources = []
        for storage in ("raw", "encoded"):
            out = support.WORK / f"films-{storage}"
            support.synvid("ingest", "--input", folder.parent, "--out", out, "--size", 32, "--labels", "folder",
                           "--storage", storage)
            sources.append(synvid.Source(out))
        raw, encoded = sources
        self.assertEqual(raw.class_names, ["some"])
        self.assertEqual(raw.labels().tolist(), [0, 0])
        for i in range(2):
            np.testing.assert_array_equal(raw[i], encoded[i])


class OneSource(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = synvid.Source(variant="moving-shapes", size=32, videos=6, seed=1)
        cls.sampler = synvid.Sampler(frames=4, size=16, patch_size=8, seed=9)

    def test_sequence(self):
        self.assertEqual(len(self.source), 6)
        np.testing.assert_array_equal(self.source[-1], self.source[5])
        self.assertEqual(len(self.source[1:3]), 2)
        self.assertEqual(sum(1 for _ in self.source), 6)
        self.assertRaises(IndexError, lambda: self.source[6])
        self.assertRaises(IndexError, lambda: self.source[-7])

    def test_epochs_bring_new_videos(self):
        self.assertTrue(self.source.endless)
        self.assertFalse(np.array_equal(self.source.video(0, epoch=0, frames=[0]),
                                        self.source.video(0, epoch=1, frames=[0])))
        longer = synvid.Source(variant="moving-shapes", size=32, videos=12, seed=1)
        np.testing.assert_array_equal(self.source.video(2, epoch=1), longer.video(8))

    def test_callers_buffers(self):
        clip, mask = self.source.clip(1, self.sampler)
        out, out_mask = np.zeros_like(clip), np.zeros_like(mask)
        again, again_mask = self.source.clip(1, self.sampler, out=out, mask=out_mask)
        self.assertIs(again, out)
        self.assertIs(again_mask, out_mask)
        np.testing.assert_array_equal(out, clip)
        np.testing.assert_array_equal(out_mask, mask)

    def test_masks_are_tubes(self):
        masks = synvid.masks(5, frames=16, size=224, mask_ratio=0.75, seed=4)
        self.assertEqual(masks.shape, (5, 1568))
        self.assertEqual(masks.dtype, bool)
        tubes = masks.reshape(5, 8, 196)
        self.assertTrue((tubes == tubes[:, :1]).all())
        self.assertTrue((tubes[:, 0].sum(1) == 147).all())  # int(0.75 * 196), the paper's setting
        sampler = synvid.Sampler(seed=4)
        np.testing.assert_array_equal(sampler.mask(3), masks[3])
        np.testing.assert_array_equal(synvid.masks(2, seed=4, first=3), synvid.masks(5, seed=4)[3:])

    def test_no_masks(self):
        clip, mask = self.source.clip(0, synvid.Sampler(frames=3, size=30, mask_ratio=0))
        self.assertEqual(clip.shape, (3, 30, 30, 3))
        self.assertIsNone(mask)

    def test_pickle(self):
        for one in (self.source, synvid.Source(support.dataset("moving-circles"))):
            other = pickle.loads(pickle.dumps(one))
            self.assertEqual(other.digest, one.digest)
            np.testing.assert_array_equal(other[1], one[1])
        sampler = pickle.loads(pickle.dumps(self.sampler))
        np.testing.assert_array_equal(self.source.clip(2, sampler)[0], self.source.clip(2, self.sampler)[0])

    def test_threads_share_a_source(self):
        expected = [self.source.clip(i, self.sampler)[0] for i in range(6)]
        wrong = []

        def read():
            for i in range(60):
                if not np.array_equal(self.source.clip(i % 6, self.sampler)[0], expected[i % 6]):
                    wrong.append(i)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_variant_as_settings(self):
        a = synvid.Source(variant={"extends": "moving-circles", "objects": 3}, size=32)
        b = synvid.Source(variant="moving-circles", options={"objects": 3}, size=32)
        self.assertEqual(a.digest, b.digest)

    def test_order_is_a_permutation(self):
        order = self.source.order(0)
        self.assertEqual(sorted(order), list(range(6)))
        self.assertFalse(np.array_equal(synvid.Source(variant="moving-shapes", videos=100).order(0),
                                        synvid.Source(variant="moving-shapes", videos=100).order(1)))


if __name__ == "__main__":
    unittest.main()
