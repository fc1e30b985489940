"""Picture and sound that are made up, for who has no camera and no microphone: a colour that changes, and a hum."""

from __future__ import annotations

import asyncio
import math
from array import array
from itertools import count

from livekit import rtc

WIDTH, HEIGHT, FRAMES_PER_S = 160, 120, 15
SAMPLES_PER_S, HUM_HZ, LOUDNESS = 48_000, 200, 1_000
BLOCK = SAMPLES_PER_S // 50
"""Of sound, at a time: 20 ms, a whole number of waves."""
GREY = bytes([128]) * (WIDTH * HEIGHT // 2)


class Synthetic:
    """Plays until it is cancelled; the same sources serve one room after the other."""

    def __init__(self) -> None:
        self.video = rtc.VideoSource(WIDTH, HEIGHT)
        self.audio = rtc.AudioSource(SAMPLES_PER_S, 1, queue_size_ms=100)

    async def play(self) -> None:
        """Both, in real time."""
        await asyncio.gather(self._show(), self._hum())

    async def close(self) -> None:
        """Give back what they hold."""
        await self.video.aclose()
        await self.audio.aclose()

    async def _show(self) -> None:
        for number in count():
            light = bytes([number % 256]) * (WIDTH * HEIGHT)
            self.video.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, light + GREY))
            await asyncio.sleep(1 / FRAMES_PER_S)

    async def _hum(self) -> None:
        turn = 2 * math.pi * HUM_HZ / SAMPLES_PER_S
        wave = array("h", (round(LOUDNESS * math.sin(turn * n)) for n in range(BLOCK))).tobytes()
        while True:  # the source takes no more than it has room for
            await self.audio.capture_frame(rtc.AudioFrame(wave, SAMPLES_PER_S, 1, BLOCK))
