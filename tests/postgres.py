"""A PostgreSQL of a test's own: a real server on a free port of loopback, gone with the test run.

It refuses to run as root, so there it runs as `postgres`, or as `nobody`. Nothing of the system's own PostgreSQL, if
there is one, is used or touched. `scripts/bootstrap postgres` installs the programs.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests.fakes import free_port

STARTS_WITHIN_S = 30
STOPS_WITHIN_S = 20
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",  # nothing here has to survive a power cut
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "40",
    "shared_buffers": "16MB", "log_statement": "none", "autovacuum": "off",
}  # fmt: skip


class Postgres:
    """One server. `url` opens a new, empty database in it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._runner = runner(folder)
        self._make_cluster(folder)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(self.port)}).items()]
        command = [program("postgres"), "-D", str(self._data), *settings]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*self._runner, *command], stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop it at once: open connections break."""
        if self._process is not None:
            self.go_on()
            self._process.send_signal(signal.SIGINT)  # "fast" shutdown
            self._process.wait(STOPS_WITHIN_S)
            self._process = None

    def hang(self) -> None:
        """Freeze it with all its processes: connections stay open, and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """End of `hang`."""
        self._signal_all(signal.SIGCONT)

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Not there for a while."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        """There, but silent for a while."""
        self.hang()
        try:
            yield
        finally:
            self.go_on()

    def url(self, name: str, password: str | None = None) -> str:
        """Of a database in it."""
        return f"postgresql://duologue:{password or self.password}@127.0.0.1:{self.port}/{name}"

    async def new_database(self) -> str:
        """Make an empty database; returns its URL."""
        name = f"t{secrets.token_hex(4)}"
        await self.execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    async def execute(self, database: str, statement: str) -> None:
        """One statement."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _make_cluster(self, folder: Path) -> None:
        password_file = folder / "password"
        password_file.write_text(self.password)
        command = [
            program("initdb"), "-D", str(self._data), "--username=duologue", f"--pwfile={password_file}",
            "--auth=scram-sha-256", "--no-sync", "--locale=C", "--encoding=UTF8",
        ]  # fmt: skip
        made = subprocess.run([*self._runner, *command], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr

    def _wait_until_ready(self) -> None:
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        give_up = time.monotonic() + STARTS_WITHIN_S
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process is not None
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < give_up, self._log.read_text()
            time.sleep(0.02)

    def _signal_all(self, number: signal.Signals) -> None:
        """The server and the process of each of its connections. The server first, so that there come no new ones."""
        if self._process is not None:
            parent = self._process.pid
            os.kill(parent, number)
            for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(child), number)


def program(name: str) -> str:
    """A program of the server: the newest that Debian keeps beside each other, or the one on PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    found = str(versions[-1]) if versions else shutil.which(name)
    assert found, f"{name} of PostgreSQL is not installed: run scripts/bootstrap postgres"
    return found


def runner(folder: Path) -> list[str]:
    """What to run its programs through: they end with us, and where we are root, as somebody who may nothing else."""
    if sys.platform != "linux":
        return []
    command = ["setpriv", "--pdeathsig=KILL"]
    if os.geteuid() == 0:
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        entry = names.get("postgres") or names["nobody"]
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        command += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    return command


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server for a while. Its folder is not pytest's: those are closed to the user that it runs as."""
    with tempfile.TemporaryDirectory(prefix="duologue-postgres-") as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
