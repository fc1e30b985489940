"""Fake cameras: a film of one colour with a bar that moves, so that a test sees whose it is, and that it lives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, FRAMES = 160, 120, 20


class Colour(NamedTuple):
    """A colour in sRGB."""

    red: int
    green: int
    blue: int

    def distance(self, other: Colour) -> float:
        """How different two colours are; 0 is the same, 441 black and white."""
        return math.dist(self, other)

    def yuv(self) -> tuple[int, int, int]:
        """BT.601, studio range: what a camera file holds."""
        r, g, b = (value / 255 for value in self)
        luma = 16 + 65.481 * r + 128.553 * g + 24.966 * b
        blue = 128 - 37.797 * r - 74.203 * g + 112.0 * b
        red = 128 + 112.0 * r - 93.786 * g - 18.214 * b
        return round(luma), round(blue), round(red)


RED, GREEN, BLUE = Colour(200, 40, 40), Colour(40, 180, 40), Colour(50, 60, 210)


def film(path: Path, colour: Colour) -> Path:
    """Write the film as Y4M, which Chromium takes for a camera."""
    luma, blue, red = colour.yuv()
    chroma = bytes([blue]) * (WIDTH // 2 * HEIGHT // 2) + bytes([red]) * (WIDTH // 2 * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(FRAMES):
            left = frame * (WIDTH // FRAMES)
            row = bytearray([luma]) * WIDTH
            row[left : left + 8] = bytes([235]) * 8
            file.write(b"FRAME\n" + bytes(row) * HEIGHT + chroma)
    return path
