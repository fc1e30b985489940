"""The files of `duologue dev`'s LiveKit: its binary, and what lies in its private folder of the state directory.

The folder (mode 0700) holds the keys of this installation, made once, and for each HTTP port, because several LiveKits
may run, a configuration and a log. The log may name rooms and addresses on this machine, so it stays in the folder.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import tempfile
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

from duologue.errors import StartupError
from duologue.media.livekit_config import LiveKitKeys

VERSION = "v1.13.5"
LOG_BYTES = 2_000_000


class LiveKitUnavailable(StartupError):
    """LiveKit cannot be started; the text says what was tried, why it failed, and the fix."""


def find_binary(given: str | Path | None = None) -> Path:
    """The LiveKit server to start: the one given, else `livekit-server` on PATH, else the one that `make run` built.

    Raises LiveKitUnavailable with all places it looked at.
    """
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise LiveKitUnavailable(f"No LiveKit server at {given}.\nFix: correct the path, or leave it out.")
        return Path(found)
    built = cached_binary()
    for candidate in ("livekit-server", str(built)):
        if found := shutil.which(candidate):
            return Path(found)
    raise LiveKitUnavailable(
        "No LiveKit server found.\n"
        f"Looked for `livekit-server` on PATH and for {built}.\n"
        "Fix: run `scripts/bootstrap livekit` in a checkout of Duologue, which builds it in a few minutes; "
        "or install livekit-server; or set LIVEKIT_URL to a server you have."
    )


def cached_binary() -> Path:
    """Where `scripts/bootstrap` puts the LiveKit that it builds."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "duologue", "livekit-server", VERSION, "livekit-server")


def default_state_dir() -> Path:
    """Where an installation keeps what it made itself."""
    return Path(os.environ.get("DUOLOGUE_STATE_DIR") or platformdirs.user_state_dir("duologue", appauthor=False))


class LiveKitFiles:
    """The private folder of one LiveKit."""

    def __init__(self, state_dir: Path, port: int) -> None:
        self.folder = state_dir / "livekit"
        self.config = self.folder / f"{port}.json"
        self.log = self.folder / f"{port}.log"

    def prepare(self) -> None:
        """Make the folder, private whatever the umask says, and begin a new log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.log.unlink(missing_ok=True)

    def keys(self) -> LiveKitKeys:
        """The keys of this installation, made when first asked for. Two processes that ask at once get the same."""
        path = self.folder / "keys.json"
        if not path.exists():
            fresh = {"api_key": f"dev_{secrets.token_hex(6)}", "api_secret": secrets.token_urlsafe(32)}
            self._write_once(path, json.dumps(fresh))
        values = json.loads(path.read_text())
        return LiveKitKeys(values["api_key"], values["api_secret"])

    def write_config(self, text: str) -> None:
        """Replace the configuration, which holds the secret."""
        self._temporary(text).replace(self.config)

    def open_log(self) -> logging.Logger:
        """The log, bounded, to append to; close it with `close_log`."""
        handler = RotatingFileHandler(self.log, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
        log = logging.Logger("livekit")  # noqa: LOG001 - outside the tree of loggers: nobody else may write or read it
        log.addHandler(handler)
        return log

    def _write_once(self, path: Path, text: str) -> None:
        """Whoever links first wins; nobody ever sees half a file."""
        temporary = self._temporary(text)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()

    def _temporary(self, text: str) -> Path:
        descriptor, name = tempfile.mkstemp(dir=self.folder)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        return Path(name)


def close_log(log: logging.Logger) -> None:
    """Give the file back."""
    for handler in log.handlers:
        handler.close()
