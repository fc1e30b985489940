"""Where Redis and the database are, and how to log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from duologue.errors import StartupError
from duologue.settings.section import Section, text_in


class RedisSettings(Section):
    """The store of `duologue serve`. `duologue dev` keeps everything in memory."""

    url: str | None = Field(None, description="Where Redis or Valkey is; also read from REDIS_URL.")
    password_file: Path | None = Field(None, description="A file with the password, instead of one in the URL.")
    realm: str = Field(
        "duologue", pattern=r"^[A-Za-z0-9_-]{1,40}$", description="All keys begin with it: several may share a Redis."
    )
    wait_s: float = Field(60, ge=0, description="How long `serve` waits for Redis at the start before it gives up.")

    def url_given(self) -> str:
        """Where it is. Raises `StartupError` where nobody said."""
        if self.url is None:
            raise StartupError(
                "REDIS_URL is not set, and `duologue serve` keeps everything in Redis. Say where it is, such as "
                "REDIS_URL=redis://127.0.0.1:6379/0. To try Duologue without Redis, use `duologue dev`."
            )
        return self.url

    def password(self) -> str | None:
        """What the file holds, if there is one. Raises `StartupError`."""
        return None if self.password_file is None else text_in(self.password_file, "redis.password_file")


class DatabaseSettings(Section):
    """Where what must outlive everything else is kept: [how to run it](../howto/database.md)."""

    url: SecretStr | None = Field(
        None,
        description="`postgresql://USER:PASSWORD@HOST/NAME`, or `sqlite:///PATH`. "
        "Without one, `duologue dev` keeps `duologue.sqlite` in `state_dir`.",
    )
    url_file: Path | None = Field(None, description="A file with the URL in it, instead of `url`.")
    connections: int = Field(5, ge=1, le=100, description="At most so many by each process.")

    @model_validator(mode="after")
    def _url_once(self) -> Self:
        if self.url is not None and self.url_file is not None:
            raise ValueError("url (or DATABASE_URL) and url_file name the database twice: keep one of them")
        return self

    def read_url(self) -> str | None:
        """The URL, from wherever it is; it may hold a password. Raises `StartupError`."""
        if self.url_file is None:
            return None if self.url is None else self.url.get_secret_value()
        return text_in(self.url_file, "database.url_file")


class LogSettings(Section):
    """How to log."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    format: Literal["auto", "console", "json"] = Field("auto", description="auto: console on a terminal, else JSON.")
    sample: float = Field(
        1.0,
        ge=0,
        le=1,
        description="The share of pairs and people whose stories are told at `info` and `debug`: "
        "[which lines that are](logs.md#how-much-of-it). Warnings and errors are always told.",
    )
