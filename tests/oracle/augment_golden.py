"""Golden files of tests/unit/test_randaugment.c: VideoMAE's RandAugment operations as Pillow does them.

    pip install pillow==9.5.0
    python3 tests/oracle/augment_golden.py

Names are op-level-sign. The operations and their arguments follow the description of rand-m7-n4-mstd0.5-inc1.
"""
import pathlib

import numpy
from PIL import Image, ImageEnhance, ImageOps

import golden_records

golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
random = numpy.random.default_rng(20240502)
GEOMETRY = {"resample": Image.BICUBIC, "fillcolor": (128, 128, 128)}


def solarize_add(image, add):
    table = [min(255, i + add) if i < 128 else i for i in range(256)]
    return image.point(table * 3)


def affine(image, matrix):
    return image.transform(image.size, Image.AFFINE, matrix, **GEOMETRY)


def posterize(image, bits):
    return ImageOps.posterize(image, bits) if bits > 0 else image.point([0] * 768)


OPS = {
    "auto_contrast": lambda i, v, s: ImageOps.autocontrast(i),
    "equalize": lambda i, v, s: ImageOps.equalize(i),
    "invert": lambda i, v, s: ImageOps.invert(i),
    "rotate": lambda i, v, s: i.rotate(s * 30 * v / 10, **GEOMETRY),
    "posterize": lambda i, v, s: posterize(i, 4 - int(v / 10 * 4)),
    "solarize": lambda i, v, s: ImageOps.solarize(i, 256 - int(v / 10 * 256)),
    "solarize_add": lambda i, v, s: solarize_add(i, int(v / 10 * 110)),
    "color": lambda i, v, s: ImageEnhance.Color(i).enhance(1 + s * v / 10 * 0.9),
    "contrast": lambda i, v, s: ImageEnhance.Contrast(i).enhance(1 + s * v / 10 * 0.9),
    "brightness": lambda i, v, s: ImageEnhance.Brightness(i).enhance(1 + s * v / 10 * 0.9),
    "sharpness": lambda i, v, s: ImageEnhance.Sharpness(i).enhance(1 + s * v / 10 * 0.9),
    "shear_x": lambda i, v, s: affine(i, (1, s * v / 10 * 0.3, 0, 0, 1, 0)),
    "shear_y": lambda i, v, s: affine(i, (1, 0, 0, s * v / 10 * 0.3, 1, 0)),
    "translate_x": lambda i, v, s: affine(i, (1, 0, s * v / 10 * 0.45 * i.size[0], 0, 1, 0)),
    "translate_y": lambda i, v, s: affine(i, (1, 0, 0, 0, 1, s * v / 10 * 0.45 * i.size[1])),
}

y, x = numpy.mgrid[0:24, 0:33]
picture = numpy.stack([x * 7, y * 9 + 20, 60 + (x + y) * 2], axis=-1) + random.integers(-30, 31, (24, 33, 3))
picture = numpy.clip(picture, 11, 243).astype(numpy.uint8)
records = {"input": picture}
for name, op in OPS.items():
    for level in (3.1, 7.0, 10.0):
        for sign in (1, -1):
            records[f"{name}-{level:.1f}-{'plus' if sign > 0 else 'minus'}"] = numpy.asarray(
                op(Image.fromarray(picture), level, sign)
            )
golden_records.write(golden / "randaugment.bin", records)
