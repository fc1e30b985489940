"""Does what the plan says: starts processes, hears of their ends, passes on signals. Decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence

import structlog

from duologue.die_with_parent import tied_to_this_process
from duologue.pipes import lines_of
from duologue.ports import Clock, Rng
from duologue.supervisor import events as ev
from duologue.supervisor import report
from duologue.supervisor.plan import Plan
from duologue.tasks import Tasks

log = structlog.get_logger()

LINE_BYTES = 64 * 1024
SIGNALS: dict[signal.Signals, ev.Event] = {signal.SIGTERM: ev.StopAsked(), signal.SIGINT: ev.StopAsked()}
if hasattr(signal, "SIGHUP"):
    SIGNALS[signal.SIGHUP] = ev.RenewalAsked()


async def _nothing(_: report.Report) -> None:
    pass


class Supervisor:
    """One parent. `run` once, in the main thread: on Linux the children die with the thread that started them."""

    def __init__(
        self,
        posts: Sequence[ev.Post],
        command: Callable[[ev.Start], list[str]],
        clock: Clock,
        rng: Rng,
        terms: ev.Terms = ev.TERMS,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_seated: Callable[[Sequence[ev.Seated]], None] = lambda _: None,
        on_death: Callable[[report.Report], Awaitable[None]] = _nothing,
    ) -> None:
        self._plan = Plan(posts, rng, clock.monotonic_ms(), terms)
        self._command = command
        self._clock = clock
        self._on_ready: Callable[[], None] | None = on_ready
        self._on_seated = on_seated
        self._seated: Sequence[ev.Seated] = ()
        self._on_death = on_death
        self._tasks = Tasks()
        self._events: asyncio.Queue[ev.Event] = asyncio.Queue()
        self._processes: dict[ev.ChildId, asyncio.subprocess.Process] = {}

    async def run(self) -> int:
        """Keep every post filled until SIGTERM or SIGINT, or until it is hopeless; gives the exit code.

        SIGHUP replaces the children one after the other. `on_ready` is called once, when all serve;
        `on_seated` with where the children are, each time that this changes; `on_death` with what a child said of
        itself that died and was not asked to go.
        """
        loop = asyncio.get_running_loop()
        for number, event in SIGNALS.items():
            loop.add_signal_handler(number, self._events.put_nowait, event)
        try:
            return await self._until_the_end()
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
            await self._kill_all()
            await self._tasks.cancel_all()

    async def _kill_all(self) -> None:
        """After a defect, or when cancelled: nobody is left without a parent."""
        processes = dict(self._processes)
        for child in processes:
            self._send(child, signal.SIGKILL)
        await asyncio.gather(*(process.wait() for process in processes.values()))

    async def _until_the_end(self) -> int:
        event: ev.Event = ev.TimePassed()
        while True:
            for command in self._plan.handle(event, self._clock.monotonic_ms()):
                if isinstance(command, ev.End):
                    return command.code
                await self._perform(command)
            self._tell()
            event = await self._next_event()

    def _tell(self) -> None:
        if (seated := self._plan.seated) != self._seated:
            self._seated = seated
            self._on_seated(seated)
        if self._on_ready is not None and self._plan.all_ready:
            self._on_ready()
            self._on_ready = None

    async def _next_event(self) -> ev.Event:
        due_ms = self._plan.due_ms()
        within_s = None if due_ms is None else max(0, due_ms - self._clock.monotonic_ms()) / 1000
        try:
            async with asyncio.timeout(within_s):
                return await self._events.get()
        except TimeoutError:
            return ev.TimePassed()

    async def _perform(self, command: ev.Command) -> None:
        match command:
            case ev.Start():
                await self._start(command)
            case ev.Ask(child):
                self._send(child, signal.SIGTERM)
            case ev.Kill(child):
                self._send(child, signal.SIGKILL)
            case ev.Note(level, event, fields):
                getattr(log, level)(event, **fields)

    async def _start(self, start: ev.Start) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *tied_to_this_process(self._command(start)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent, which then stops them in order
            )
        except OSError as error:
            log.error("child_not_started", child=start.post.name, detail=str(error))
            self._events.put_nowait(ev.Exited(start.child, None))
            return
        log.info("child_started", child=start.post.name, pid=process.pid)
        self._processes[start.child] = process
        self._tasks.spawn(self._accompany(start.child, process), name=f"child-{start.post.name}")

    async def _accompany(self, child: ev.ChildId, process: asyncio.subprocess.Process) -> None:
        """From its first word to its end."""
        reports: list[report.Report] = []
        assert process.stdout is not None
        listening = self._tasks.spawn(self._listen(child, process.stdout, reports), name="child-reports")
        code = await process.wait()
        listening.cancel()
        del self._processes[child]
        self._events.put_nowait(ev.Exited(child, code))
        if code != 0 and reports:
            await self._on_death(reports[0])

    async def _listen(self, child: ev.ChildId, stream: asyncio.StreamReader, reports: list[report.Report]) -> None:
        """Hear of it once when the child serves; whatever else it says is of no interest."""
        async for line in lines_of(stream):
            said = report.read(line)
            if said is not None and said.ready and not reports:
                reports.append(said)
                self._events.put_nowait(ev.Ready(child))

    def _send(self, child: ev.ChildId, number: signal.Signals) -> None:
        process = self._processes.get(child)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
