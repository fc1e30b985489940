"""The yardsticks of the store: the same commands on a connection with nothing on top, and by a pipeline of redis-py.

Neither decides anything, and both block: they are what it costs to say these commands and to hear the answers.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import hiredis
import redis

from benchmarks.redis_store.recorder import Command
from benchmarks.redis_store.server import HOST

PIPELINE = 20
PIECE = 1 << 16


def by_hiredis(port: int, commands: Sequence[Command]) -> list[Any]:
    """Say them in pipelines of 20 on a bare socket; the answers."""
    reader, answers = hiredis.Reader(), []
    with socket.create_connection((HOST, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for batch in _batches(commands):
            sock.sendall(b"".join([hiredis.pack_command(command) for command in batch]))
            for _ in batch:
                while (answer := reader.gets()) is False:
                    reader.feed(sock.recv(PIECE))
                answers.append(answer)
    return answers


def by_redis_py(port: int, commands: Sequence[Command]) -> list[Any]:
    """The same by redis-py as one uses it."""
    answers: list[Any] = []
    with redis.Redis(HOST, port) as client:
        for batch in _batches(commands):
            pipeline = client.pipeline(transaction=False)
            for command in batch:
                pipeline.execute_command(*command)
            answers += pipeline.execute()
    return answers


def _batches(commands: Sequence[Command]) -> list[Sequence[Command]]:
    return [commands[at : at + PIPELINE] for at in range(0, len(commands), PIPELINE)]
