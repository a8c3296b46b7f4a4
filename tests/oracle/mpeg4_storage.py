#!/usr/bin/env python3
"""Storage mpeg4 beside OpenCV's mp4v writer: bytes and PSNR of the same videos (needs h5py and opencv-python).

  mpeg4_storage.py RAW MPEG4   two folders of `synvid generate`, the same but for --storage raw and mpeg4

Fails when the bytes differ by more than 10 % or the PSNR by more than 0.3 dB."""
import glob
import os
import sys
import tempfile

import cv2
import h5py
import numpy as np


def decode(path):
    capture, frames = cv2.VideoCapture(path), []
    while True:
        there, frame = capture.read()
        if not there:
            return np.array(frames)
        frames.append(frame[:, :, ::-1])


def psnr(original, decoded):
    return 10 * np.log10(255**2 / np.mean((original.astype(float) - decoded) ** 2))


def compare(frames, ours, folder):
    mine, theirs = os.path.join(folder, "ours.mp4"), os.path.join(folder, "cv2.mp4")
    with open(mine, "wb") as file:
        file.write(ours)
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(theirs, cv2.VideoWriter_fourcc(*"mp4v"), 25, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()
    ratio = len(ours) / os.path.getsize(theirs)
    quality = psnr(frames, decode(mine)), psnr(frames, decode(theirs))
    print(f"{len(frames)} frames: bytes x {ratio:.3f} of cv2's, PSNR {quality[0]:.2f} dB, cv2's {quality[1]:.2f}")
    return abs(ratio - 1) <= 0.1 and abs(quality[0] - quality[1]) <= 0.3


def main():
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for raw, encoded in zip(*(sorted(glob.glob(f"{name}/shard-*.h5")) for name in sys.argv[1:3])):
            with h5py.File(raw) as a, h5py.File(encoded) as b:
                clips, bytes_ = a["clip_start"][:], b["byte_start"][:]
                for i in range(len(clips) - 1):
                    frames = a["frames"][clips[i] : clips[i + 1]]
                    good &= compare(frames, bytes(b["bytes"][bytes_[i] : bytes_[i + 1]]), folder)
    sys.exit(0 if good else 1)


main()
