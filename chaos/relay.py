"""A network that can go wrong: a port of 127.0.0.1 that passes everything on to another one, unless told otherwise.

Nothing is lost on a connection that lives on: like TCP over a network that is away for a while, what was held arrives
later, in order. Must not know what it carries.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, cast

HOST = "127.0.0.1"
STEP_S = 1e-6


class Bad(NamedTuple):
    """What befalls the connections that it is about."""

    delay_s: float = 0.0
    """So late everything arrives, in either direction."""
    asking: bool = True
    """Whether anything arrives of what clients send."""
    answering: bool = True
    """And of what they get."""


GOOD = Bad()


class _End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, pipe: _Pipe) -> None:
        self.pipe = pipe
        self.transport: asyncio.Transport | None = None
        self.peer: _End | None = None
        self.due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.pipe.begun(self)

    def data_received(self, data: bytes) -> None:
        """To the other end, at once or later, in order."""
        loop = asyncio.get_running_loop()
        delay_s = self.pipe.bad.delay_s
        if delay_s == 0 and self.due_s <= loop.time():
            self._deliver(data)
            return
        self.due_s = max(self.due_s + STEP_S, loop.time() + delay_s)
        loop.call_at(self.due_s, self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.pipe.break_off()


class _Pipe:
    """A connection, from a client to the far end."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self.bad = GOOD
        self.near, self.far = _End(self), _End(self)
        self.near.peer, self.far.peer = self.far, self.near
        self.client_port = 0

    def begun(self, end: _End) -> None:
        assert end.transport is not None, "it was just made"
        if end is self.near:
            self.client_port = end.transport.get_extra_info("peername")[1]
            end.transport.pause_reading()  # until there is somebody to read for
            self._relay.take(self)
        else:
            self.suffer(self._relay.fate_of(self))

    def suffer(self, bad: Bad) -> None:
        """From now on."""
        self.bad = bad
        for end, flows in ((self.near, bad.asking), (self.far, bad.answering)):
            if end.transport is not None and self.far.transport is not None:
                end.transport.resume_reading() if flows else end.transport.pause_reading()

    def break_off(self) -> None:
        """Both ends hear of it at once."""
        self._relay.drop(self)
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.abort()


class Relay:
    """One port. `affects` says which connections a fault is about, by the port of their client; None: all."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.others: list[int] = []
        """More ports that new connections go to, in turn."""
        self.port = 0
        self.refuses = False
        """New connections end at once."""
        self._bad = GOOD
        self._affects: Callable[[int], bool] | None = None
        self._pipes: set[_Pipe] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = itertools.count()

    async def open(self, port: int = 0) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Pipe(self).near, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """The end of it, and of all that it carries."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports that were broken off close their sockets in the next turn of the loop

    def worsen(self, bad: Bad, affects: Callable[[int], bool] | None = None) -> int:
        """From now on the network is like this, for connections that there are and those to come; gives how many."""
        self._bad, self._affects = bad, affects
        for pipe in list(self._pipes):
            pipe.suffer(self.fate_of(pipe))
        return sum(pipe.bad is bad for pipe in self._pipes)

    def mend(self) -> None:
        """All is well; what was held arrives."""
        self.refuses = False
        self.worsen(GOOD)

    @contextlib.contextmanager
    def worsened(self, bad: Bad, affects: Callable[[int], bool] | None = None) -> Iterator[int]:
        """As by `worsen` for as long as this lasts; then all is well."""
        try:
            yield self.worsen(bad, affects)
        finally:
            self.mend()

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """New connections end at once for as long as this lasts; then all is well."""
        self.refuses = True
        try:
            yield
        finally:
            self.mend()

    def cut(self, affects: Callable[[int], bool] | None = None) -> int:
        """Break connections off; gives how many."""
        doomed = [pipe for pipe in self._pipes if affects is None or affects(pipe.client_port)]
        for pipe in doomed:
            pipe.break_off()
        return len(doomed)

    # -- called by pipes --------------------------------------------------------------------

    def fate_of(self, pipe: _Pipe) -> Bad:
        """What befalls this connection now."""
        concerned = self._affects is None or self._affects(pipe.client_port)
        return self._bad if concerned else GOOD

    def take(self, pipe: _Pipe) -> None:
        """Somebody came."""
        if self.refuses:
            pipe.break_off()
            return
        self._pipes.add(pipe)
        task = asyncio.get_running_loop().create_task(self._reach(pipe))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reach(self, pipe: _Pipe) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: pipe.far, HOST, self._next())
        except OSError:
            pipe.break_off()

    def _next(self) -> int:
        ports = [self.to, *self.others]
        return ports[next(self._turns) % len(ports)]

    def drop(self, pipe: _Pipe) -> None:
        """It is over."""
        self._pipes.discard(pipe)


def ports_of(pids: Iterable[int]) -> set[int]:
    """The local ports of all TCP sockets that these processes have open. Linux."""
    inodes = {inode for pid in pids for inode in _inodes(pid)}
    return {port for inode, port in _tcp() if inode in inodes}


def only_from(pids: Collection[int]) -> Callable[[int], bool]:
    """Whether a connection is one of these processes; for those to come, too."""
    return lambda port: port in ports_of(pids)


def _inodes(pid: int) -> Iterable[str]:
    for entry in Path(f"/proc/{pid}/fd").iterdir() if Path(f"/proc/{pid}/fd").exists() else ():
        with contextlib.suppress(OSError):  # it was closed just now
            link = str(entry.readlink())
            if link.startswith("socket:["):
                yield link[8:-1]


def _tcp() -> Iterable[tuple[str, int]]:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        yield words[9], int(words[1].partition(":")[2], 16)
