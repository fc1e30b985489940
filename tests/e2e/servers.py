"""Duologue as an operator starts it: `duologue dev`, or `duologue serve` with all that it needs beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from duologue.api import hooks
from duologue.die_with_parent import tied_to_this_process
from duologue.media.livekit_config import LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitFiles, find_binary
from duologue.settings import LIVEKIT_VARIABLES
from tests.e2e.processes import processes_naming
from tests.fakes import free_port, free_ports
from tests.log_content import SAID, offences, warnings_in
from tests.postgres import running_postgres
from tests.redis_server import RedisServer, redis_server

WITHIN_S = 40
TOKEN_KEY = "openssl rand -base64 32 gives something like this"


class Server(ABC):
    """A command in a process of its own, and people's way to it. `enter` is what its command line begins with."""

    def __init__(self, state_dir: Path, enter: Sequence[str] = ()) -> None:
        self.state_dir = state_dir
        self.port, self.ws_port, self.livekit_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._enter = enter
        self._log = (state_dir / "log").open("w")

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """What comes after `duologue`."""

    @abstractmethod
    def _variables(self) -> Mapping[str, str]:
        """What its environment has to say."""

    def start(self) -> None:
        """Start it, and wait until it says where its page is, which it does once everything serves."""
        command = [*self._enter, sys.executable, "-m", "duologue", *self._command()]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=self._environment())
        try:
            self.until(lambda: self.process.poll() is not None or "\n  page " in self.log(), "it starts")
            assert self.process.poll() is None, f"it did not start:\n{self.log()}"
        except AssertionError:
            self.process.kill()
            self.process.wait()
            self._log.close()
            raise

    def _environment(self) -> dict[str, str]:
        ours = {"DUOLOGUE_LOG__FORMAT": "json", "DUOLOGUE_LOG__LEVEL": "debug", "DUOLOGUE_LIMITS__PROFILE": "load"}
        inherited = {name: value for name, value in os.environ.items() if name not in LIVEKIT_VARIABLES.values()}
        return {**inherited, **ours, **self._variables()}

    def log(self) -> str:
        """What it logged."""
        return (self.state_dir / "log").read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it logged of one kind of event."""
        return [line for line in self._logged() if line["event"] == name]

    def story(self, pair: str) -> list[dict[str, Any]]:
        """What all its processes logged of a pair, in order, found as `docs/reference/logs.md` says."""
        lines = self._logged(f'"pair":"{pair}"')
        return sorted(lines, key=lambda line: str(line["timestamp"]))

    def _logged(self, word: str = "") -> list[dict[str, Any]]:
        whole_lines = self.log().rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in whole_lines if line.startswith("{") and word in line]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something that is to be seen from here."""
        give_up = time.monotonic() + WITHIN_S
        while not condition():
            assert time.monotonic() < give_up, f"waited in vain: {what}\n{self.log()}"
            time.sleep(0.02)

    def kill_livekit(self) -> float:
        """End its LiveKit without a chance to say goodbye; gives when, in seconds since 1970."""
        (pid,) = processes_naming("livekit-server", str(self.state_dir), f"{self.livekit_port}.json")
        os.kill(pid, signal.SIGKILL)
        return time.time()

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self.process.kill()
        self.process.wait()
        self._ended()

    def stop(self) -> int:
        """Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=15)
        self._ended()
        return code

    def _ended(self) -> None:
        """What it said, and what its LiveKit said, holds nothing that must not be there."""
        self._log.close()
        keys = self.state_dir.glob("livekit/keys.json")
        secrets = [TOKEN_KEY, *(json.loads(path.read_text())["api_secret"] for path in keys)]
        assert offences(self.log(), said=SAID, secrets=secrets) == []
        for path in self.state_dir.glob("livekit/*.log*"):
            assert warnings_in(path.read_text()) == []


class Dev(Server):
    """`duologue dev`: everything in one process, and a LiveKit as its child. It runs once it is made."""

    def __init__(
        self, state_dir: Path, enter: Sequence[str] = (), variables: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(state_dir, enter)
        self._given = variables
        self.start()

    def _command(self) -> Sequence[str]:
        options = {
            "--port": self.port,
            "--ws-port": self.ws_port,
            "--admin-port": free_port(),
            "--livekit-port": self.livekit_port,
            "--livekit-udp-port": free_port(socket.SOCK_DGRAM),
            "--state-dir": self.state_dir,
        }
        return ["dev", *(str(part) for option in options.items() for part in option)]

    def _variables(self) -> Mapping[str, str]:
        return self._given


class Serve(Server):
    """`duologue serve` with two gateways, a matcher and an api. See `serving`."""

    def __init__(self, state_dir: Path, redis: RedisServer, database_url: str) -> None:
        super().__init__(state_dir)
        self.redis = redis
        self.targets = state_dir / "targets.json"
        self._database_url = database_url
        self._livekit = LiveKitFiles(state_dir, self.livekit_port)

    def _command(self) -> Sequence[str]:
        options = {"--port": self.port, "--ws-port": self.ws_port, "--admin-port": free_ports(5)}
        return ["serve", "all", "--processes", "2", *(str(part) for option in options.items() for part in option)]

    def _variables(self) -> Mapping[str, str]:
        keys = self._livekit.keys()
        return {
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": self._database_url,
            "DUOLOGUE_TOKEN_KEY": TOKEN_KEY,
            "DUOLOGUE_ADMIN__TARGETS_FILE": str(self.targets),
            "DUOLOGUE_MATCHING__RECENTLY_MET_AFTER_MS": "1000",
            "LIVEKIT_URL": f"ws://127.0.0.1:{self.livekit_port}",
            "LIVEKIT_API_KEY": keys.api_key,
            "LIVEKIT_API_SECRET": keys.api_secret,
        }

    def migrate(self) -> None:
        """Make the tables."""
        subprocess.run([sys.executable, "-m", "duologue", "db", "upgrade"], env=self._environment(), check=True)

    @contextmanager
    def livekit(self) -> Iterator[None]:
        """The LiveKit of this service, which tells the api of its rooms."""
        ports = LiveKitPorts(self.livekit_port, free_port(socket.SOCK_DGRAM))
        files = self._livekit
        files.prepare()
        files.write_config(livekit_config(files.keys(), ports, f"{self.url}{hooks.PATH}"))
        command = tied_to_this_process([str(find_binary()), "--config", str(files.config)])
        with files.log.open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self.until(lambda: _listens(self.livekit_port), f"LiveKit serves; see {files.log}")
            yield
        finally:
            process.kill()
            process.wait()

    def gateways_of(self, person: str | None) -> list[str]:
        """The processes that took somebody in, one after the other."""
        return [line["process"] for line in self.events("session_started") if line["person"] == person]

    def store_answers(self) -> bool:
        """Whether the api says so."""
        with urllib.request.urlopen(f"{self.url}/health/ready", timeout=WITHIN_S) as answer:
            return json.load(answer)["store_answers"] is True

    def kill_process(self, name: str) -> float:
        """End one of its processes without a chance to say goodbye; gives when, in seconds since 1970."""
        (pid,) = processes_naming(f"--child={name}", f"--port={self.port}")
        os.kill(pid, signal.SIGKILL)
        return time.time()


@contextmanager
def serving(state_dir: Path) -> Iterator[Serve]:
    """Many processes as one service, on a Redis, a PostgreSQL and a LiveKit of its own."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        postgres = stack.enter_context(running_postgres())
        serve = Serve(state_dir, redis, postgres.url("postgres"))
        stack.enter_context(serve.livekit())
        serve.migrate()
        serve.start()
        try:
            yield serve
        finally:
            if serve.process.poll() is None:
                serve.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
