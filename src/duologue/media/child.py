"""The LiveKit of `duologue dev`: found, configured, started, kept alive, and gone when its parent is.

It listens on loopback only and knows nothing of matches. On Linux the kernel kills it when the parent dies, however
that happens; elsewhere a parent killed by SIGKILL leaves it running until it next writes to its log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from duologue.die_with_parent import tied_to_this_process
from duologue.media.livekit_config import LOOPBACK, LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitFiles, LiveKitUnavailable, close_log, default_state_dir, find_binary
from duologue.pipes import lines_of
from duologue.tasks import Tasks

__all__ = ["LiveKitAccess", "LiveKitChild", "LiveKitPorts", "LiveKitUnavailable"]

READY_WITHIN_S = 20.0  # it takes 0.3 s; a loaded machine may take ten times that
FORCE_AFTER_S = 0.5  # the first SIGTERM waits for participants to leave, the second does not
KILL_AFTER_S = 3.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_AFTER_S = 60.0  # who lived that long starts again at the shortest back-off
LAST_LINES = 15
LINE_BYTES = 1 << 20
EVERY_GOODBYE = {"error reading data channel"}  # LiveKit warns of it whenever a browser leaves

# LiveKit takes settings from many variables (LIVEKIT_*, NODE_IP, UDP_PORT, REDIS_HOST); only its file may speak.
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")

log = structlog.get_logger()


@dataclass(frozen=True)
class LiveKitAccess:
    """How to reach it. The secret never shows in a repr."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)


class LiveKitChild:
    """One LiveKit server under this process. `start` once, `stop` once, from a thread that outlives it.

    (Linux ties its life to the thread that started it, so the event loop should run in the main thread.)
    """

    def __init__(
        self,
        ports: LiveKitPorts | None = None,
        *,
        binary: str | Path | None = None,
        state_dir: Path | None = None,
        webhook_url: str | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._binary = binary
        self._ports = ports or LiveKitPorts()
        self._webhook_url = webhook_url
        self.on_change = on_change
        """Called when it died, and when it serves again."""
        self._files = LiveKitFiles(state_dir or default_state_dir(), self._ports.http)
        self._tasks = Tasks()
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> LiveKitAccess:
        """Start it and wait until it serves; from then on it is restarted whenever it dies.

        Raises LiveKitUnavailable, and leaves nothing running, when it cannot.
        """
        binary = find_binary(self._binary)
        check_ports(self._ports)
        self._files.prepare()
        keys = self._files.keys()
        self._files.write_config(livekit_config(keys, self._ports, self._webhook_url))
        try:
            await self._launch(binary)
        except BaseException:
            await self.stop()
            raise
        self._tasks.spawn(self._keep_alive(binary), name="livekit-child")
        return LiveKitAccess(f"ws://{LOOPBACK}:{self._ports.http}", keys.api_key, keys.api_secret)

    async def stop(self) -> None:
        """End it within a few seconds, talks or not. Does nothing when it does not run."""
        await self._tasks.cancel_all()
        await self._end_process()

    async def _launch(self, binary: Path) -> None:
        """Start the process and wait until it serves."""
        command = tied_to_this_process([str(binary), "--config", str(self._files.config)])
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
            limit=LINE_BYTES,
            start_new_session=True,  # Ctrl-C in the terminal is for the parent, which then stops it in order
        )
        assert self._process.stdout is not None
        # Not one of `self._tasks`: it must read to the end, after those were cancelled.
        self._pump = asyncio.get_running_loop().create_task(self._read_log(self._process.stdout), name="livekit-log")
        await self._until_ready(self._process, binary)

    async def _until_ready(self, process: asyncio.subprocess.Process, binary: Path) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_WITHIN_S
        while not await answers(self._ports.http):
            if process.returncode is not None:
                raise self._failed(binary, f"ended with code {process.returncode}")
            if loop.time() > deadline:
                raise self._failed(binary, f"did not answer on port {self._ports.http} within {READY_WITHIN_S:.0f} s")
            await asyncio.sleep(0.05)

    def _failed(self, binary: Path, why: str) -> LiveKitUnavailable:
        said = "\n".join(f"  {line}" for line in self._last_lines) or "  (nothing)"
        return LiveKitUnavailable(
            f"LiveKit did not start: {binary} {why}. It said:\n{said}\n"
            f"Fix: see {self._files.log}; or choose another LiveKit; or set LIVEKIT_URL to a server you have."
        )

    async def _keep_alive(self, binary: Path) -> None:
        """Restart it whenever it dies. Ends by cancellation only, in `stop`."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started = loop.time()
            assert self._process is not None
            code = await self._process.wait()
            failures = 0 if loop.time() - started > STEADY_AFTER_S else failures
            delay_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            failures += 1
            log.warning("livekit_died", exit_code=code, restart_in_s=delay_s, log=str(self._files.log))
            self.on_change()
            await asyncio.sleep(delay_s)
            try:
                await self._launch(binary)
            except (LiveKitUnavailable, OSError) as error:
                log.error("livekit_restart_failed", detail=str(error))
                await self._end_process()
            else:
                log.info("livekit_restarted", pid=self.pid)
                self.on_change()

    async def _end_process(self) -> None:
        process, pump = self._process, self._pump
        if process is not None:
            await terminate(process)
        if pump is not None:
            await pump

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        """Keep what it says in its file, and pass on what it warns of."""
        file = self._files.open_log()
        try:
            async for raw in lines_of(stream):
                line = raw.decode(errors="replace").rstrip()
                file.info("%s", line)
                self._last_lines.append(line)
                pass_on(line)
        finally:
            close_log(file)


async def terminate(process: asyncio.subprocess.Process) -> None:
    """Ask, insist, then kill. Returns when the process is gone."""
    for send, patience_s in (
        (process.terminate, FORCE_AFTER_S),
        (process.terminate, KILL_AFTER_S - FORCE_AFTER_S),
        (process.kill, None),
    ):
        with contextlib.suppress(ProcessLookupError):
            send()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience_s)
            return


def check_ports(ports: LiveKitPorts) -> None:
    """Raise LiveKitUnavailable when something else has one of the ports."""
    for kind, number, flag in (
        (socket.SOCK_STREAM, ports.http, "--livekit-port"),
        (socket.SOCK_DGRAM, ports.udp, "--livekit-udp-port"),
    ):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:  # as LiveKit does: connections that linger after a restart do no harm
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, number))
            except OSError as error:
                raise LiveKitUnavailable(
                    f"LiveKit cannot have port {number} on {LOOPBACK}: {error.strerror}.\n"
                    f"Fix: is another `duologue dev` running? Stop it, or choose another port with {flag}."
                ) from error


async def answers(port: int) -> bool:
    """Whether LiveKit says there that it is healthy."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def pass_on(line: str) -> None:
    """Log a warning or an error of LiveKit's, without its fields: those may hold tokens and addresses."""
    try:
        entry = json.loads(line)
        level, message, caller = entry["level"], entry["msg"], entry.get("caller")
    except (ValueError, KeyError, TypeError):
        return
    if message in EVERY_GOODBYE:
        log.debug("livekit_says", message=message, caller=caller)
    elif level == "warn":
        log.warning("livekit_says", message=message, caller=caller)
    elif level not in {"debug", "info"}:
        log.error("livekit_says", message=message, caller=caller)
