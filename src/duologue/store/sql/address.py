"""Where the database is: a URL taken apart, with one half that may be shown and one that must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from duologue.errors import StartupError

POSTGRES = frozenset(["postgres", "postgresql", "postgresql+asyncpg"])
WRITE_IT = "Write postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:///PATH"


@dataclass(frozen=True)
class Address:
    """Of one database."""

    kind: Literal["sqlite", "postgresql"]
    shown: str
    """For people and logs: no user, no password."""
    target: str = field(repr=False)
    """For the driver: a path, or a URL with whatever secrets are in it."""


def sqlite_address(path: Path) -> Address:
    """A database in a file."""
    return Address("sqlite", f"SQLite in {path}", str(path))


def read_address(url: str) -> Address:
    """Take a URL apart. Raises `StartupError`, in whose text nothing of the URL is repeated: it may be a secret."""
    scheme, _, rest = url.strip().partition("://")
    if scheme in POSTGRES:
        return _postgres_address(f"postgresql://{rest}")
    if scheme == "sqlite":
        path = unquote(rest.removeprefix("/"))
        if rest.startswith("/") and path and path != ":memory:" and "?" not in path:
            return sqlite_address(Path(path))
        raise StartupError(
            "the URL of the database names no file: write sqlite:///relative/path or sqlite:////absolute/path. "
            "It has to be a file, because several connections share it."
        )
    raise StartupError(f"the URL of the database has a scheme that there is no adapter for. {WRITE_IT}")


def _postgres_address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = _host(parts), parts.port or 5432
    except ValueError:
        parts = None
    if parts is None or parts.fragment or "@" in parts.path or not parts.path.strip("/"):
        raise StartupError(
            f"the URL of the database cannot be read. {WRITE_IT}, "
            "with the characters / # ? @ : % of a password percent-encoded"
        )
    return Address("postgresql", f"PostgreSQL at {host}:{port}{parts.path}", url)


def _host(parts: SplitResult) -> str:
    """Of the URL, or a folder of sockets that its query names."""
    return parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
