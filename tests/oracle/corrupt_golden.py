"""Golden files of tests/unit/test_corrupt.c: the corruptions of UCF101-P at severities 1, 3 and 5.

    pip install numpy scipy pillow
    apt-get install ffmpeg
    python3 tests/oracle/corrupt_golden.py

Written from the definitions, with other means than the C code: Philox in numpy (the draws are the same numbers), quantiles
of scipy's Poisson distribution, scipy's correlations, zooms and Gaussian filters, Pillow's rotations and JPEG, and the
ffmpeg program for the video codecs. Records are kind-severity.
"""
import pathlib
import subprocess

import io

import numpy as np
from PIL import Image
from scipy import ndimage, stats

import golden_records

golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
SEED, VIDEO, CLIP, CROP = 0x1234567890ABCDEF, 77, 3, 2
PURPOSE_CORRUPT = 22  # RNG_CORRUPT
KINDS = ["gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "defocus_blur", "motion_blur", "zoom_blur",
         "glass_blur", "translate", "static_rotate", "rotate", "jpeg", "mpeg1", "mpeg2"]


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. 2011 for an array of counters (n, 4)."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k0, k1, low = int(key[0]), int(key[1]), np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1)


class Stream:
    """The words of one frame's random stream."""

    def __init__(self, kind, severity, frame):
        self.object = KINDS.index(kind) << 27 | severity << 24 | CLIP << 17 | CROP << 10 | frame
        self.used = 0

    def words(self, count):
        blocks = np.arange((self.used + count + 3) // 4, dtype=np.uint64)
        counter = np.empty((len(blocks), 4), np.uint64)
        counter[:, 0], counter[:, 1], counter[:, 2] = blocks, self.object, VIDEO & 0xFFFFFFFF
        counter[:, 3] = PURPOSE_CORRUPT << 24 | VIDEO >> 32
        words = philox(counter, (SEED & 0xFFFFFFFF, SEED >> 32)).reshape(-1)[self.used:self.used + count]
        self.used += count
        return words

    def below(self, count):
        return int(int(self.words(1)[0]) * count >> 32)  # a rejection has a chance of count / 2^32

    def unit_double(self):
        low, high = (int(w) for w in self.words(2))
        return ((high << 32 | low) >> 11) * 2.0**-53

    def normal(self, count):
        pairs = self.words(2 * count).reshape(-1, 2)
        u = 1 - (pairs[:, 0] >> np.uint64(8)).astype(np.float64) * 2.0**-24
        v = pairs[:, 1].astype(np.float64) * 2.0**-32
        return (np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)).astype(np.float32).astype(np.float64)


def bytes_of(x):
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def gaussian_noise(image, s, r):
    x = image / 255.0
    return bytes_of(x + [.08, .12, .18, .26, .38][s - 1] * r.normal(x.size).reshape(x.shape))


def speckle_noise(image, s, r):
    x = image / 255.0
    return bytes_of(x + x * ([.15, .2, .25, .3, .35][s - 1] * r.normal(x.size).reshape(x.shape)))


def shot_noise(image, s, r):
    c = [250, 100, 50, 30, 15][s - 1]
    u = (r.words(image.size).astype(np.float64) + 0.5) * 2.0**-32
    return bytes_of(stats.poisson.ppf(u.reshape(image.shape), image / 255.0 * c) / c)


def impulse_noise(image, s, r):
    words = r.words(2 * image.size).reshape(-1, 2)
    hit = (words[:, 0] * 2.0**-32 < [.03, .06, .09, .17, .27][s - 1]).reshape(image.shape)
    white = (words[:, 1] < 2**31).reshape(image.shape)
    x = image / 255.0
    x[hit & white], x[hit & ~white] = 1, 0
    return bytes_of(x)


def defocus_blur(image, s, r):
    radius, alias = [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)][s - 1]
    grid = np.arange(-8, 9) if radius <= 8 else np.arange(-radius, radius + 1)
    x, y = np.meshgrid(grid, grid)
    disk = (x**2 + y**2 <= radius**2).astype(float)
    disk /= disk.sum()
    taps = np.exp(-0.5 * (np.arange(-1, 2) if radius <= 8 else np.arange(-2, 3))**2 / alias**2)
    taps /= taps.sum()
    for axis in (0, 1):
        disk = ndimage.correlate1d(disk, taps, axis=axis, mode="mirror")
    return bytes_of(np.stack([ndimage.correlate(image[..., c] / 255.0, disk, mode="mirror") for c in range(3)], axis=-1))


def motion_blur(image, s, r):
    radius, sigma = [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)][s - 1]
    theta = np.deg2rad(-45 + 90 * r.unit_double())
    i = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * i**2 / sigma**2)
    weights /= weights.sum()
    dx, dy = np.ceil(i * np.cos(theta) - 0.5).astype(int), np.ceil(i * np.sin(theta) - 0.5).astype(int)
    h, w = image.shape[:2]
    total = np.zeros(image.shape)
    for k in i:
        rows, columns = np.clip(np.arange(h) + dy[k], 0, h - 1), np.clip(np.arange(w) + dx[k], 0, w - 1)
        total += weights[k] * image[rows][:, columns]
    return np.clip(np.floor(total + 0.5), 0, 255).astype(np.uint8)


def zoom_blur(image, s, r):
    factors = [np.arange(1, 1.11, .01), np.arange(1, 1.16, .01), np.arange(1, 1.21, .02), np.arange(1, 1.26, .02),
               np.arange(1, 1.31, .03)][s - 1]
    x = image / 255.0
    total, h = x.copy(), x.shape[0]
    for z in factors:
        inner = int(np.ceil(h / z))
        top = (h - inner) // 2
        zoomed = ndimage.zoom(x[top:top + inner, top:top + inner], (z, z, 1), order=1)
        trim = (zoomed.shape[0] - h) // 2
        total += zoomed[trim:trim + h, trim:trim + h]
    return bytes_of(total / (len(factors) + 1))


def glass_blur(image, s, r):
    sigma, d, passes = [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)][s - 1]

    def smooth(x):
        return ndimage.gaussian_filter(x / 255.0, (sigma, sigma, 0), truncate=4, mode="nearest")

    x, (h, w) = bytes_of(smooth(image)), image.shape[:2]
    for _ in range(passes):
        for row in range(h - d, d, -1):
            for column in range(w - d, d, -1):
                dx, dy = r.below(2 * d) - d, r.below(2 * d) - d
                x[row, column] = x[row + dy, column + dx]
    return bytes_of(smooth(x))


def translate(image, s, r):
    oy, ox = r.below(8 * s), r.below(8 * s)
    out, (h, w) = np.zeros_like(image), image.shape[:2]
    part = image[oy:, ox:]
    out[:part.shape[0], :part.shape[1]] = part
    return out


def static_rotate(image, s, r):
    return np.asarray(Image.fromarray(image).rotate([7.5, 15, 30, 45, 90][s - 1]))


def rotate(image, s, r):
    most = 6 * s + 1
    return np.asarray(Image.fromarray(image).rotate(r.below(2 * most + 1) - most))


def jpeg(image, s, r):
    stored = io.BytesIO()
    Image.fromarray(image).save(stored, "JPEG", quality=[25, 18, 15, 10, 7][s - 1])
    return np.asarray(Image.open(stored).convert("RGB"))


def recode(video, codec, container, quantizer):
    n, h, w, _ = video.shape
    quiet = ["ffmpeg", "-v", "error", "-y"]
    exact = ["-sws_flags", "bilinear+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"]
    coded = subprocess.run(
        [*quiet, "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{w}x{h}", "-r", "25", "-i", "-", *exact, "-c:v", codec,
         "-pix_fmt", "yuv420p", "-g", "12", "-bf", "0", "-threads", "1", "-q:v", str(quantizer), "-f", container, "-"],
        input=video.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    raw = subprocess.run(
        [*quiet, "-i", "-", "-vsync", "passthrough", *exact, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        input=coded, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(n, h, w, 3)


def picture(size, shift, channels=3):
    """Waves, an edge and a bright disk, with full range."""
    y, x = np.mgrid[0:size, 0:size].astype(float)
    x = x + shift
    waves = 110 + 60 * np.sin(x / 3.1 + y / 7.3) + 40 * np.cos(x * y / 90)
    out = np.stack([waves, waves[::-1], 255 - waves.T], axis=-1)[..., :channels]
    out[(x - size / 2)**2 + (y - size / 3)**2 < (size / 6)**2] = (255, 240, 20)
    out[(x > size * 0.7) & (y > size * 0.55)] = (0, 30, 160)
    return np.clip(out, 0, 255).astype(np.uint8)


def write(name, kinds, size):
    clip = np.stack([picture(size, shift) for shift in (0, 3)])
    records = {"input": clip}
    for kind in kinds:
        for s in (1, 3, 5):
            # A clip that shifts does so in all frames alike.
            frames = [0, 0] if kind == "translate" else [0, 1]
            records[f"{kind}-{s}"] = np.stack(
                [globals()[kind](image, s, Stream(kind, s, frame)) for image, frame in zip(clip, frames)])
    golden_records.write(golden / name, records)


write("corrupt_noise.bin", KINDS[0:4], 32)
write("corrupt_blur.bin", KINDS[4:8], 44)
write("corrupt_camera.bin", KINDS[8:11], 44)
write("corrupt_jpeg.bin", KINDS[11:12], 64)

video = np.stack([picture(48, 2 * i) for i in range(4)])
records = {"input": video}
for s in (1, 3, 5):
    records[f"mpeg1-{s}"] = recode(video, "mpeg2video", "vob", min(20 * s, 31))
    records[f"mpeg2-{s}"] = recode(video, "mpeg4", "avi", min(15 * s, 31))
golden_records.write(golden / "corrupt_video.bin", records)
