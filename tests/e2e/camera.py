"""Fake cameras: a film of one colour with a bar that moves, so that a test sees whose it is, and that it lives.

Chromium shows the film for a camera. What it believes of its cameras is what its capture process told when it
started: without that process all that was taken is lost, and the next one looks anew.
"""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.e2e.processes import processes_naming

WIDTH, HEIGHT, FRAMES = 160, 120, 20
NEAR = 60
"""What encoder and bar do to the colour of a film, at most."""


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

    def place(self, sight: Sight) -> int | None:
        """Where the bar is."""
        return sight.brightest if sight.mean.distance(self) <= NEAR else None


class Sight(NamedTuple):
    """A glance at a picture: its mean colour, and which of 32 columns is the brightest."""

    mean: Colour
    brightest: int


class Camera(Protocol):
    """Whose picture it is can be seen, and that it lives."""

    def place(self, sight: Sight) -> object:
        """How far this camera's picture has moved on; None: it is not its picture."""
        ...


class Watch:
    """Looks at a picture until it is this camera's, and moves."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._places: set[object] = set()

    def look(self, seen: dict[str, Any]) -> bool:
        """One glance, as `SEEN` has it; whether it was enough."""
        place = self._camera.place(Sight(Colour(*map(round, seen["mean"])), seen["brightest"]))
        if seen["width"] == 0 or place is None:
            self._places.clear()
            return False
        self._places.add(place)
        return len(self._places) >= 3


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


class FilmCamera:
    """The camera of one browser."""

    def __init__(self, path: Path, colour: Colour) -> None:
        self.colour = colour
        self.untouched = True
        """It was never unplugged."""
        self._path = film(path, colour)

    def place(self, sight: Sight) -> int | None:
        """Where the bar is."""
        return self.colour.place(sight)

    @property
    def flag(self) -> str:
        """What Chromium has to be told."""
        return f"--use-file-for-fake-video-capture={self._path}"

    def unplug(self) -> None:
        """It is gone, also for who uses it."""
        self.untouched = False
        self._path.unlink()
        self._look_anew()

    def plug_in(self) -> None:
        """It is there again."""
        film(self._path, self.colour)
        self._look_anew()

    def _look_anew(self) -> None:
        for pid in processes_naming("video_capture.mojom", str(self._path)):
            os.kill(pid, signal.SIGKILL)
