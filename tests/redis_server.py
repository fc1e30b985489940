"""A real Redis for tests: a process of ours, on a free port of 127.0.0.1, in a directory of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from duologue.die_with_parent import tied_to_this_process
from tests.fakes import free_port

START_WITHIN_S = 10
SERVICE = "mymaster"
"""What Sentinels here call the servers that they watch."""


class RedisServer:
    """One server. It can be stopped, killed, started again, and kept from answering."""

    def __init__(self, directory: Path, *options: str, port: int | None = None, config: Path | None = None) -> None:
        self.port = port or free_port()
        self.directory = directory
        self._options = options
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.launch()
        give_up = time.monotonic() + START_WITHIN_S
        while not self.answers():
            self.check()
            assert time.monotonic() < give_up, "redis-server does not answer"
            time.sleep(0.01)

    def launch(self, *options: str) -> None:
        """Start it; it answers a moment later. It ends with this process, however that ends."""
        binary = shutil.which("redis-server")
        assert binary, "redis-server is not installed: `make test` installs it, or apt-get install redis-server"
        config = (str(self._config),) if self._config is not None else ()
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory))
        command = [binary, *config, *where, "--save", "", "--logfile", str(self.log), *self._options, *options]
        self._process = subprocess.Popen(tied_to_this_process(command))

    def check(self) -> None:
        """It did not end by itself."""
        assert self._process is not None, "not started"
        assert self._process.poll() is None, f"redis-server ended: {self.log.read_text()[-2_000:]}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "redis.log"

    def answers(self) -> bool:
        """Whether somebody listens there."""
        return self.cli("PING").strip() != ""

    def cli(self, *command: str) -> str:
        """What `redis-cli` prints."""
        cli = shutil.which("redis-cli")
        assert cli, "redis-cli comes with redis-server"
        call = [cli, "-p", str(self.port), "--no-auth-warning", *command]
        return subprocess.run(call, capture_output=True, text=True, timeout=10, check=False).stdout

    def freeze(self) -> None:
        """It does not answer any more, until it thaws."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It does not answer for a while."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def kill(self) -> None:
        """It is gone at once; what was not saved is lost."""
        self._signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """The end of it."""
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            self._wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "not started"
        self._process.send_signal(number)

    def _wait(self) -> None:
        assert self._process is not None, "not started"
        self._process.wait(START_WITHIN_S)


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A server for as long as this lasts."""
    with TemporaryDirectory(prefix="duologue-redis-") as directory:
        server = RedisServer(Path(directory), *options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def sentinel(directory: Path, primary_port: int, *lines: str, patience_ms: int = 500) -> RedisServer:
    """A Sentinel that watches this primary, and the Sentinels and replicas that it finds there. Start and stop it."""
    directory.mkdir()
    config = directory / "sentinel.conf"
    config.write_text(
        f"sentinel monitor {SERVICE} 127.0.0.1 {primary_port} 2\n"
        f"sentinel down-after-milliseconds {SERVICE} {patience_ms}\n"
        f"sentinel failover-timeout {SERVICE} 3000\n" + "\n".join(lines)
    )
    return RedisServer(directory, "--sentinel", config=config)
