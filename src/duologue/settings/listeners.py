"""Where a process listens: the page and its HTTP, what operators ask, and the sockets of clients."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from duologue.errors import StartupError
from duologue.safety.addresses import is_local
from duologue.settings.section import Section, relation, text_in

_TOKEN = re.compile(r"[\x21-\x7e]{16,1000}")
_MAKE_ONE = (
    "Make one with `openssl rand -hex 32`, and set DUOLOGUE_ADMIN__TOKEN to it, "
    "or admin.token_file to a file that holds it."
)


class HttpSettings(Section):
    """The HTTP listener: page, guest tokens, health."""

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="The page, guest tokens, health.")
    max_connections: int = Field(
        1_000, ge=1, description="Beyond it, who waited longest without a request is closed for each newcomer."
    )
    request_ms: int = Field(
        10_000, ge=100, description="From connecting, or from the last answer, to the end of a whole request."
    )
    answer_ms: int = Field(60_000, ge=100, description="From there until the client has taken the answer.")


class AdminSettings(Section):
    """What operators ask each process: `/health/live`, `/health/ready`, and `/metrics` for Prometheus and
    `duologue top`.
    """

    host: str = Field(
        "127.0.0.1",
        description="The address to listen on. Nothing there is for the public: wider than loopback needs a token.",
    )
    port: int = Field(
        9401,
        ge=1,
        le=65_000,
        description="Of the first process; each further one takes the next, and one more is used while processes "
        "are replaced.",
    )
    ready_without_store_ms: int = Field(
        30_000,
        ge=0,
        description="A process stays ready this long while the store is silent: that is so for all of them at once, "
        "and a balancer would take out the whole service.",
    )
    token: SecretStr | None = Field(
        None,
        description="Whoever asks for more than health has to bring it: `Authorization: Bearer TOKEN`. The same for "
        "all processes: 16 characters at least, such as `openssl rand -hex 32` gives.",
    )
    token_file: Path | None = Field(None, description="A file with the same, instead of `token`.")
    targets_file: Path | None = Field(
        None,
        description="Here `duologue serve` writes where its processes are, for `file_sd_configs` of Prometheus and for "
        "`duologue top`. Each parent needs a file of its own; its name ends in `.json`.",
    )
    public_host: str | None = Field(
        None,
        description="What that file calls this machine; default: `host`, or the name of the machine where `host` "
        "stands for all of its addresses.",
    )

    @model_validator(mode="after")
    def _token_once(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file name the token twice: keep one of them")
        return self

    @field_validator("targets_file")
    @classmethod
    def _as_prometheus_reads(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix != ".json":
            raise ValueError("Prometheus reads only names that end in .json: add that")
        return path

    def required_token(self) -> str | None:
        """What a request has to bring; None: the listener is for this machine only, and whoever is on it may ask.

        Raises `StartupError` for a token that is no good, and where there has to be one.
        """
        token = self.given_token()
        if token is not None and not _TOKEN.fullmatch(token):
            raise StartupError(
                "the admin token cannot be one: it is sent in a header, so it has 16 characters or more, "
                f"and no blanks among them. {_MAKE_ONE}"
            )
        if token is None and not is_local(self.host):
            raise StartupError(
                f"admin.host is {self.host!r}: others reach the admin listener, and nothing there is for everybody. "
                f"Leave it at 127.0.0.1, or set a token. {_MAKE_ONE}"
            )
        return token

    def given_token(self) -> str | None:
        """The token, from wherever it is. Raises `StartupError`."""
        if self.token_file is None:
            return None if self.token is None else self.token.get_secret_value()
        return text_in(self.token_file, "admin.token_file")

    @property
    def http(self) -> HttpSettings:
        """The same as a listener takes it."""
        return HttpSettings(host=self.host, port=self.port, max_connections=100)


class GatewaySettings(Section):
    """The WebSocket listener."""

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8001, ge=1, le=65535, description="Where clients connect.")
    public_url: str | None = Field(None, description="What clients connect to; default ws://HOST:PORT.")
    origins: frozenset[str] = Field(frozenset(), description="Pages that may connect, besides our own.")
    max_connections: int = Field(20_000, ge=1, description="Beyond it clients are told to come back later.")
    upgrade_ms: int = Field(
        5_000,
        ge=50,
        description="From connecting to the end of the upgrade request. Until then a socket is not counted.",
    )

    write_soft_bytes: int = Field(64 * 1024, ge=1024, description="Who leaves this much unread is slow.")
    write_slow_ms: int = Field(10_000, ge=0, description="Who is slow this long is cut off, and comes back anew.")
    write_hard_bytes: int = Field(256 * 1024, ge=1024, description="Who leaves this much unread is cut off at once.")

    drain_per_s: int = Field(1_000, ge=1, description="On a stop, so many are sent elsewhere in a second.")
    drain_within_ms: int = Field(60_000, ge=0, description="On a stop, everybody is sent elsewhere within this time.")

    @model_validator(mode="after")
    def _slow_before_hard(self) -> Self:
        if self.write_soft_bytes >= self.write_hard_bytes:
            raise ValueError(relation("write_soft_bytes", "<", "write_hard_bytes", self))
        return self

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may connect."""
        return origin in self.origins
