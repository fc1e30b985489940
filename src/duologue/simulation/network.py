"""Links between people and gateways: late, in order, and now and then cut without a word."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from duologue.gateway.connection import Connection
from duologue.gateway.server import Gateway
from duologue.ids import SessionId
from duologue.protocol import codec
from duologue.protocol.client import ClientMessage
from duologue.protocol.server import ServerMessage
from duologue.simulation.process import Process
from duologue.simulation.trace import Trace

LOST = 1006
"""RFC 6455, section 7.4.1: the connection ended without a word."""
KEEPALIVE_MS = 11_000
"""After so long the server's kernel knows that a link is dead; now and then something on the way answers for it."""
KEEPALIVE_FOOLED = 0.2
CONNECT_WITHIN_MS = 10_000
TICK_S = 1e-5
"""Frames are at least this far apart: the loop's heap does not keep the order of equal times."""
RETRANSMIT = 0.02
"""Share of frames that are lost once: TCP sends them again, and everything after them waits."""


class Disconnected(Exception):
    """The socket is gone; `code` says why."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class Host:
    """A gateway and the process it lives in."""

    def __init__(self, process: Process, gateway: Gateway) -> None:
        self.process = process
        self.gateway = gateway
        self.links: dict[Link, None] = {}


class Network:
    """Connects people with gateways."""

    def __init__(self, dice: random.Random, trace: Trace) -> None:
        self._dice = dice
        self._trace = trace
        self.latency_ms = 30

    async def connect(self, who: str, host: Host) -> Link:
        """A socket, greeted by the gateway. Raises `Disconnected` when there is nobody, or nobody in time."""
        answered: asyncio.Future[Link] = asyncio.get_running_loop().create_future()

        def accept() -> None:
            if not answered.done():
                answered.set_result(Link(who, host, self._dice, self._trace, self.latency_ms))

        await asyncio.sleep(self._dice.random() * self.latency_ms / 1000)
        if host.process.dead:
            raise Disconnected(LOST, "connection refused")
        host.process.post(accept)
        try:
            link = await asyncio.wait_for(answered, CONNECT_WITHIN_MS / 1000)
        except TimeoutError:
            raise Disconnected(LOST, "nobody answered") from None
        link.open()
        return link

    def drop(self, host: Host) -> None:
        """The process of this gateway is dead: its kernel says so to everybody who can be reached."""
        for link in list(host.links):
            link.server_died()


class _Pipe:
    """One direction: in order, and never early."""

    def __init__(self, dice: random.Random, latency_ms: int) -> None:
        self._dice = dice
        self._latency_ms = latency_ms
        self._last_s = 0.0

    def carry(self, deliver: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        delay_ms = self._dice.random() * self._latency_ms
        if self._dice.random() < RETRANSMIT:
            delay_ms += self._dice.randint(200, 1_500)
        self._last_s = max(self._last_s + TICK_S, loop.time() + delay_ms / 1000)
        loop.call_at(self._last_s, deliver)


class Link:
    """One socket, both ends: the gateway's `Wire`, and what a person holds."""

    def __init__(self, who: str, host: Host, dice: random.Random, trace: Trace, latency_ms: int) -> None:
        self.who = who
        self.host = host
        self._dice = dice
        self._trace = trace
        self._up, self._down = _Pipe(dice, latency_ms), _Pipe(dice, latency_ms)
        self._inbox: asyncio.Queue[ServerMessage | Disconnected] = asyncio.Queue()
        self._connection: Connection | None = None
        self._refusal: int | None = None
        self.is_cut = False
        self.ended = False
        """The client's end is closed."""
        self._closing = False
        self._server_ended = False

    def open(self) -> None:
        """The gateway takes it."""
        self.host.links[self] = None

        def take() -> None:
            self._connection, refusal = self.host.gateway.accept("127.0.0.1")
            self._connection.opened(self, refusal)

        self.host.process.post(take)

    @property
    def session(self) -> SessionId | None:
        """What the gateway calls it, once it took it."""
        return self._connection.id if self._connection is not None else None

    # -- the person's end ---------------------------------------------------------------------

    def say(self, message: ClientMessage) -> None:
        """Send to the gateway. Raises `Disconnected` on an end that is closed."""
        if self.ended:
            raise Disconnected(LOST)
        self._trace.note(self.who, f"→ {self.host.process.name} {message}")
        frame = codec.encode(message)
        self._carry_up(lambda connection: connection.received(frame))

    async def hear(self, timeout_s: float) -> ServerMessage | None:
        """The next message, None after the timeout. Raises `Disconnected`, again and again, after the end."""
        try:
            heard = await asyncio.wait_for(self._inbox.get(), timeout_s)
        except TimeoutError:
            return None
        if isinstance(heard, Disconnected):
            self._inbox.put_nowait(heard)
            raise heard
        return heard

    def leave(self, code: int) -> None:
        """Close from the person's end; 1001 is what browsers send on a reload."""
        self._carry_up(lambda connection: connection.leaving(code))
        self._carry_up(lambda _: self._server_sees_end(code))
        self._end(code)

    @property
    def works(self) -> bool:
        """Neither end has closed, and what is said arrives."""
        return not (self.ended or self.is_cut or self._closing or self._server_ended)

    def cut(self, *, noticed: bool) -> None:
        """The network is gone. Whoever is at the person's end may notice at once; the gateway's kernel later."""
        self._trace.note(self.who, "is cut off" + ("" if noticed else ", without noticing"))
        self.is_cut = True
        if noticed:
            self._end(LOST)
        if self._dice.random() >= KEEPALIVE_FOOLED:
            asyncio.get_running_loop().call_later(KEEPALIVE_MS / 1000, self._server_sees_end, LOST)

    def _end(self, code: int) -> None:
        if not self.ended:
            self.ended = True
            self._inbox.put_nowait(Disconnected(code))

    def _carry_up(self, run: Callable[[Connection], None]) -> None:
        def arrive() -> None:
            if self._connection is not None and not self._server_ended and not self.is_cut:
                run(self._connection)

        if not self.is_cut:
            self._up.carry(lambda: self.host.process.post(arrive))

    # -- the gateway's end (`gateway.connection.Wire`) ------------------------------------------

    def send(self, frame: bytes) -> None:
        message = codec.decode_server(frame)

        def arrive() -> None:
            self._trace.note(self.who, f"← {self.host.process.name} {message}")
            self._inbox.put_nowait(message)

        self._carry_down(arrive)

    def close(self, code: int, reason: str) -> None:
        self._trace.note(self.host.process.name, f"closes {self.who}: {code} {reason}")
        self._closing = True

        def told() -> None:
            self._end(code)
            self._carry_up(lambda _: self._server_sees_end(LOST))

        self._carry_down(told)

    def abort(self) -> None:
        self._closing = True
        self._carry_down(lambda: self._end(LOST))
        asyncio.get_running_loop().call_soon(self._server_sees_end, LOST)

    def unsent_bytes(self) -> int:
        return 0

    def server_died(self) -> None:
        """No process is at the other end any more."""
        self._server_ended = True
        self._carry_down(lambda: self._end(LOST))
        self.host.links.pop(self, None)

    def _carry_down(self, run: Callable[[], None]) -> None:
        def arrive() -> None:
            if not self.is_cut and not self.ended:
                run()

        self._down.carry(arrive)

    def _server_sees_end(self, code: int) -> None:
        def see() -> None:
            if self._connection is not None and not self._server_ended:
                self._server_ended = True
                self.host.links.pop(self, None)
                self._connection.closed(code)

        self.host.process.post(see)
