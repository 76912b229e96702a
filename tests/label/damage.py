"""What happens between a printed label and the picture that a phone takes of it, in five levels.

The kinds and their strengths follow the manifest of `barcode_images/generated_open` in the test data: level n has n of
them (the fourth level up to five), each stronger with the level.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

Change = Callable[[Image.Image, int, random.Random], Image.Image]
LEVELS = range(5)
PAPER = 235


def damaged(picture: Image.Image, level: int, chance: random.Random) -> Image.Image:
    """The picture with as many kinds of damage as its level says, those of the place first, the camera's last."""
    kinds = sorted(chance.sample(range(len(KINDS)), level + (level == LEVELS[-1])))
    for kind in kinds:
        picture = KINDS[kind](picture, level, chance)
    return picture


def _rotate(picture: Image.Image, _level: int, chance: random.Random) -> Image.Image:
    degrees = chance.choice([90, 180, 270, *range(-30, 31, 5)])
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)


def _tilt(picture: Image.Image, level: int, chance: random.Random) -> Image.Image:
    width, height = picture.size
    reach = 0.03 + 0.025 * level
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    seen = [(x + chance.uniform(-reach, reach) * width, y + chance.uniform(-reach, reach) * height) for x, y in corners]
    rows, wanted = [], []
    for (x, y), (u, v) in zip(corners, seen, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    factors = np.linalg.solve(np.array(rows, float), np.array(wanted, float)).tolist()
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, factors, Image.Resampling.BICUBIC, fillcolor=PAPER
    )


def _scratch(picture: Image.Image, level: int, chance: random.Random) -> Image.Image:
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    for _ in range(level):
        ends = [(chance.uniform(0, picture.width), chance.uniform(0, picture.height)) for _ in range(2)]
        draw.line(ends, fill=chance.choice([30, PAPER]), width=3)
    return picture


def _invert(picture: Image.Image, _level: int, _chance: random.Random) -> Image.Image:
    return ImageOps.invert(picture)


def _light(picture: Image.Image, level: int, chance: random.Random, *, shade: bool) -> Image.Image:
    """A soft spot of glare, or a shadow from one side."""
    height, width = picture.height, picture.width
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.asarray(picture, float)
    if shade:
        pixels *= 1 - (0.15 + 0.12 * level) * (x / width if chance.random() < 0.5 else y / height)
    else:
        across, down = chance.uniform(0.2, 0.8) * width, chance.uniform(0.2, 0.8) * height
        spot = np.exp(-((x - across) ** 2 + (y - down) ** 2) / (2 * (0.14 * width) ** 2))
        pixels += 60 * (1 + 0.5 * level) * spot
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _shrink(picture: Image.Image, level: int, _chance: random.Random) -> Image.Image:
    scale = 1 - 0.13 * level
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BILINEAR)


def _blur(picture: Image.Image, level: int, chance: random.Random) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 0.48) * (level + 0.5)))


def _shake(picture: Image.Image, level: int, _chance: random.Random) -> Image.Image:
    pixels = np.asarray(picture, float)
    moved = [np.roll(pixels, step, axis=1) for step in range(level + 2)]
    return Image.fromarray(np.mean(moved, axis=0).astype(np.uint8))


def _fade(picture: Image.Image, level: int, _chance: random.Random) -> Image.Image:
    pixels = np.asarray(picture, float)
    return Image.fromarray((128 + (pixels - 128) * (1 - 0.17 * level)).astype(np.uint8))


def _noise(picture: Image.Image, level: int, chance: random.Random) -> Image.Image:
    grain = np.random.default_rng(chance.getrandbits(32)).normal(0, 6 * level, (picture.height, picture.width))
    return Image.fromarray(np.clip(np.asarray(picture, float) + grain, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image, level: int, _chance: random.Random) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70 - 14 * level)
    return Image.open(out).convert("L")


KINDS: tuple[Change, ...] = (
    _scratch,
    _invert,
    _tilt,
    _rotate,
    partial(_light, shade=False),
    partial(_light, shade=True),
    _shrink,
    _blur,
    _shake,
    _fade,
    _noise,
    _jpeg,
)
