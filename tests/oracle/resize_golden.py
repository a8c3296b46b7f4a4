"""Golden files of tests/unit/test_resize.c and test_image.c: what Pillow and OpenCV make of small pictures.

    pip install pillow==9.5.0 opencv-python-headless    (newer Pillows may resize the other direction first)
    python3 tests/oracle/resize_golden.py
"""
import pathlib

import cv2
import numpy
from PIL import Image

import golden_records

golden = pathlib.Path(__file__).resolve().parent.parent / "golden"
random = numpy.random.default_rng(20240501)


def picture(height, width):
    """Noise on a slope: every rounding case and a direction to get wrong."""
    y, x = numpy.mgrid[0:height, 0:width]
    slope = numpy.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], axis=-1)
    return numpy.clip(slope + random.integers(-60, 61, slope.shape), 0, 255).astype(numpy.uint8)


def resize_cases():
    records = {"input": picture(30, 40), "extremes": (random.integers(0, 2, (30, 40, 3)) * 255).astype(numpy.uint8)}
    for name in ("input", "extremes"):
        image = records[name]
        for height, width in ((17, 23), (45, 60), (30, 40), (30, 16), (64, 40), (1, 1), (7, 90)):
            case = f"{name}-{height}x{width}"
            records[f"pillow-{case}"] = numpy.asarray(Image.fromarray(image).resize((width, height), Image.BILINEAR))
            records[f"opencv-{case}"] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
            records[f"nearest-{case}"] = cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST)
    cut = Image.fromarray(records["input"]).crop((5, 3, 5 + 21, 3 + 19))
    records["pillow-box"] = numpy.asarray(cut.resize((16, 16), Image.BILINEAR))
    records["opencv-box"] = cv2.resize(numpy.asarray(cut), (16, 16), interpolation=cv2.INTER_LINEAR)
    golden_records.write(golden / "resize.bin", records)


def save(name, image, **options):
    image.save(golden / "images" / name, **options)


def image_cases():
    """Files in many forms and the RGB they stand for. Lossy ones: what Pillow's decoder makes of them."""
    rgb = picture(18, 26)
    smooth = cv2.GaussianBlur(picture(34, 46), (0, 0), 3)
    image, gray = Image.fromarray(rgb), Image.fromarray(rgb[:, :, 1])
    deep = (rgb[:, :, 0].astype(numpy.uint16) * 257).astype(numpy.uint16)
    alpha = numpy.dstack([rgb, random.integers(0, 256, rgb.shape[:2]).astype(numpy.uint8)])
    palette = image.quantize(16)
    records = {}
    for name in ("rgb.png", "rgb.bmp", "rgb.tif", "rgb.ppm"):
        save(name, image)
        records[name] = rgb
    save("lossless.webp", image, lossless=True)
    records["lossless.webp"] = rgb
    save("gray.png", gray)
    records["gray.png"] = numpy.repeat(rgb[:, :, 1:2], 3, axis=2)
    Image.fromarray(deep).save(golden / "images" / "gray16.png")
    records["gray16.png"] = numpy.repeat(rgb[:, :, 0:1], 3, axis=2)
    cv2.imwrite(str(golden / "images" / "rgb16.png"), rgb[:, :, ::-1].astype(numpy.uint16) * 257)
    records["rgb16.png"] = rgb
    save("palette.png", palette)
    save("palette.gif", palette)
    records["palette.png"] = records["palette.gif"] = numpy.asarray(palette.convert("RGB"))
    save("alpha.png", Image.fromarray(alpha))
    share = alpha[:, :, 3:4].astype(numpy.uint32)
    records["alpha.png"] = ((alpha[:, :, :3] * share + 127) // 255).astype(numpy.uint8)
    save("smooth.jpg", Image.fromarray(smooth), quality=95)
    save("gray.jpg", Image.fromarray(smooth[:, :, 1]), quality=95)
    save("cmyk.jpg", Image.fromarray(255 - smooth).convert("CMYK"), quality=98)
    for name in ("smooth.jpg", "gray.jpg", "cmyk.jpg"):
        records[name] = numpy.asarray(Image.open(golden / "images" / name).convert("RGB"))
    golden_records.write(golden / "images.bin", records)


resize_cases()
image_cases()
