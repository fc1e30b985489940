"""A redis-server as a process of its own, on a free port of 127.0.0.1, which keeps nothing on disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from benchmarks.relay.processes import Process, free_port, running
from benchmarks.report import CannotRun

HOST = "127.0.0.1"


class RedisProcess:
    """One that answers."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"redis://{HOST}:{port}/0"

    def empty(self) -> None:
        """All keys are gone; scripts stay."""
        with redis.Redis(HOST, self.port) as client:
            client.flushall()

    def version(self) -> str:
        """As it says."""
        with redis.Redis(HOST, self.port) as client:
            return str(client.info("server")["redis_version"])


@contextmanager
def redis_running() -> Iterator[RedisProcess]:
    """A server for as long as this lasts. Raises `CannotRun`."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise CannotRun("redis-server is not installed. Run: make bench-store, or: apt-get install redis-server")
    port = free_port(HOST)
    with tempfile.TemporaryDirectory(prefix="duologue-redis-") as folder:
        command = [binary, "--port", str(port), "--bind", HOST, "--save", "", "--dir", folder]
        with running(command, HOST, port) as process:
            yield RedisProcess(process, port)
