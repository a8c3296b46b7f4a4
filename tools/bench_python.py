#!/usr/bin/env python3
"""Clips a second in PyTorch's DataLoader, beside a C program that reads the same clips, and beside decoding from MP4.

    python3 tools/bench_python.py build/release/tests/library_bench [--variant V] [--pool P] [--rounds N] [--json]

Needs torch. Rounds alternate between the sides, figures are medians of rounds. Rates by the clock want a machine that has
nothing else to do; processor time of the thread or worker that reads does not. Decoders (PyAV, decord, torchcodec) are measured where they are installed:
the same videos, encoded once with H.264 by PyAV, and the same frames of them, without crop or resize.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, get_worker_info

import synvid
import synvid.torch

FRAMES, STRIDE, RING = 16, 4, 4
SETTLE = 0.5  # seconds after a side, in which its workers load their batches ahead: not in the time of the next side


def c_rate(program, source, sampler, seconds, normalized, places):
    """Clips a second of one C thread, and its processor seconds a clip."""
    done = subprocess.run([program, json.dumps(source), json.dumps(sampler), str(seconds), "01"[normalized],
                           str(places)], check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


class Stream(synvid.torch.EpochClips):
    """Also tells the processor time that the worker has used."""

    def __iter__(self):
        worker = get_worker_info().id
        for item in super().__iter__():
            yield (*item, torch.tensor([worker, time.process_time()], dtype=torch.float64))


class LoaderRate:
    """A DataLoader that goes on for ever; `clips` gives the rate of the next seconds."""

    def __init__(self, source, sampler, dtype, workers, batch):
        data = Stream(source, sampler, dtype=dtype, epochs=None, batch=batch, ring=RING)
        self.batch, self.workers = batch, workers
        self.loader = iter(DataLoader(data, batch_size=None, num_workers=workers, prefetch_factor=2))
        next(self.loader)

    def clips(self, seconds):
        """Clips a second, and processor seconds of the workers a clip."""
        for _ in range(3 * self.workers):  # what was loaded ahead, while other sides were measured
            next(self.loader)
        begun, n, clocks = time.perf_counter(), 0, {}
        # Workers deliver in turn, near to each other: only whole rounds of them tell a rate.
        while n < 2 * self.workers or n % self.workers or time.perf_counter() - begun < seconds:
            worker, clock = next(self.loader)[-1].tolist()
            clocks.setdefault(worker, []).append(clock)
            n += 1
        elapsed = time.perf_counter() - begun
        time.sleep(SETTLE)
        worked = sum(clock[-1] - clock[0] for clock in clocks.values())
        return n * self.batch / elapsed, worked / (self.batch * sum(len(clock) - 1 for clock in clocks.values()))


def films(source, folder, n):
    """The first n videos as MP4."""
    import av
    paths = []
    for i in range(n):
        path = os.path.join(folder, f"{i}.mp4")
        with av.open(path, "w") as out:
            stream = out.add_stream("libx264", rate=25)
            stream.height, stream.width = source.shape(i)[1:3]
            stream.pix_fmt = "yuv420p"
            for frame in source[i]:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
            out.mux(stream.encode())
        paths.append(path)
    return paths


def with_pyav(path, numbers):
    """Frames of a file by PyAV, decoded from its start."""
    import av
    wanted, found = set(numbers), []
    with av.open(path) as film:
        film.streams.video[0].thread_type = "NONE"
        for i, frame in enumerate(film.decode(video=0)):
            if i in wanted:
                found.append(frame.to_ndarray(format="rgb24"))
            if len(found) == len(wanted):
                break
    return np.stack(found)


def with_decord(path, numbers):
    """By decord."""
    import decord
    return decord.VideoReader(path, num_threads=1).get_batch(numbers).asnumpy()


def with_torchcodec(path, numbers):
    """By torchcodec."""
    from torchcodec.decoders import VideoDecoder
    return VideoDecoder(path, num_ffmpeg_threads=1, seek_mode="approximate").get_frames_at(list(numbers)).data


def decoder_rate(decode, paths, lengths, seconds):
    """Frames a second of one thread, and processor seconds of as many frames as a clip has."""
    rng = np.random.default_rng(1)
    begun, worked, n = time.perf_counter(), time.process_time(), 0
    while n == 0 or time.perf_counter() - begun < seconds:
        k = rng.integers(len(paths))
        start = rng.integers(lengths[k] - FRAMES * STRIDE + 1)
        found = decode(paths[k], [int(start + STRIDE * i) for i in range(FRAMES)])
        assert len(found) == FRAMES
        n += FRAMES
    return n / (time.perf_counter() - begun), (time.process_time() - worked) / n * FRAMES


def usable_decoders(paths):
    """Name -> function of those that work here."""
    found = {}
    for name, decode in (("PyAV", with_pyav), ("decord", with_decord), ("torchcodec", with_torchcodec)):
        try:
            decode(paths[0], list(range(0, FRAMES * STRIDE, STRIDE)))
            found[name] = decode
        except Exception as error:  # pylint: disable=broad-except
            print(f"{name}: not measured: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}")
    return found


def main():
    """The table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program", help="the C program, build/PRESET/tests/library_bench")
    options.add_argument("--variant", default="accelerating-shapes")
    options.add_argument("--pool")
    options.add_argument("--size", type=int, default=224)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=float, default=4, help="of a side in a round")
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--films", type=int, default=8, help="videos to decode")
    options.add_argument("--json", action="store_true")
    args = options.parse_args()

    settings = {"variant": args.variant, "size": args.size, "videos": 256, "seed": 1}
    if args.pool:
        settings["pool"] = args.pool
    source, sampler = synvid.Source(**settings), synvid.Sampler(size=args.size)
    torch.set_num_threads(1)
    sides = {}
    for name, dtype in (("uint8", torch.uint8), ("float32", torch.float32)):
        sides[f"C, one thread, {name}"] = lambda n=name: c_rate(args.program, settings, sampler.settings, args.seconds,
                                                                n == "float32", RING * args.batch)
        for workers in (1, 2):
            rate = LoaderRate(source, sampler, dtype, workers, args.batch)
            sides[f"DataLoader, {workers} worker{'s' * (workers - 1)}, {name}"] = lambda r=rate: r.clips(args.seconds)
    found = {name: [] for name in sides}
    for _ in range(args.rounds):
        for name, side in sides.items():
            found[name].append(side())
    rows = {name: (FRAMES * statistics.median(r for r, _ in some), statistics.median(c for _, c in some))
            for name, some in found.items()}
    with tempfile.TemporaryDirectory() as folder:
        try:
            paths = films(source, folder, args.films)
        except ImportError:
            paths = []
        lengths = [source.shape(i)[0] for i in range(len(paths))]
        for name, decode in (usable_decoders(paths) if paths else {}).items():
            rates = [decoder_rate(decode, paths, lengths, args.seconds) for _ in range(args.rounds)]
            rows[f"{name}, one thread, H.264, no crop or resize"] = (statistics.median(r for r, _ in rates),
                                                                     statistics.median(c for _, c in rates))

    def ratio(a, b, which):
        return statistics.median(x[which] / y[which] for x, y in zip(found[a], found[b]))

    print(f"{args.variant}, clips of {FRAMES} frames of {args.size} pixels, {args.rounds} rounds")
    for name, (rate, cpu) in rows.items():
        print(f"  {name:44} {rate:7.0f} frames/s  {1e3 * cpu:7.2f} ms of processor time a clip, "
              f"{FRAMES / cpu:5.0f} frames/s of a core's own")
    for dtype in ("uint8", "float32"):
        c, one, two = f"C, one thread, {dtype}", f"DataLoader, 1 worker, {dtype}", f"DataLoader, 2 workers, {dtype}"
        print(f"{dtype}: one worker / C {100 * ratio(one, c, 0):.1f} % of the rate, {100 * ratio(c, one, 1):.1f} % by "
              f"processor time; two workers / one {ratio(two, one, 0):.2f}x, {2 * ratio(one, two, 1):.2f}x by processor "
              "time")
    if args.json:
        print(json.dumps({"frames_per_s": {k: v[0] for k, v in rows.items()},
                          "processor_s_a_clip": {k: v[1] for k, v in rows.items()}}))


if __name__ == "__main__":
    main()
