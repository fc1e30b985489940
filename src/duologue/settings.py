"""Everything an operator can set, with its default. Read once, at the start, by `app/` and the commands.

Sources, the later wins: defaults, `duologue.toml`, `DUOLOGUE_SECTION__NAME` in the environment,
options of the command line. `LIVEKIT_URL`, `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` are read as
LiveKit's own tools read them, `REDIS_URL` and `DATABASE_URL` as most programs do. Unknown names are
refused: a typo must not silently mean the default.
"""

from __future__ import annotations

import os
import re
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from duologue.auth_settings import AuthSettings
from duologue.errors import StartupError
from duologue.matching.rules import Facet, Rules
from duologue.safety.addresses import is_local
from duologue.safety.ratelimit import UNLIMITED, Rate, parse_rate
from duologue.safety.report import OTHER, ReportTerms
from duologue.sections import Section

CONFIG_FILE = "duologue.toml"
_TOKEN = re.compile(r"[\x21-\x7e]{16,1000}")
_MAKE_ONE = (
    "Make one with `openssl rand -hex 32`, and set DUOLOGUE_ADMIN__TOKEN to it, "
    "or admin.token_file to a file that holds it."
)


def _checked_rate(text: str) -> str:
    parse_rate(text)
    return text


RateText = Annotated[str, AfterValidator(_checked_rate)]


def _relation(shorter: str, sign: str, longer: str, section: BaseModel) -> str:
    low, high = getattr(section, shorter), getattr(section, longer)
    return f"{shorter} ({low}) {sign} {longer} ({high}) must hold: lower {shorter}, or raise {longer}"


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
        try:
            return self.token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"admin.token_file {self.token_file} cannot be read: {error}") from error

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
            raise ValueError(_relation("write_soft_bytes", "<", "write_hard_bytes", self))
        return self

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may connect."""
        return origin in self.origins


class TimingSettings(Section):
    """How long things may take, in milliseconds."""

    auth_ms: int = Field(10_000, ge=100, description="From hello to auth or resume.")
    heartbeat_ms: int = Field(25_000, ge=100, description="Between two pings.")
    pong_wait_ms: int = Field(10_000, ge=50, description="A ping without an answer for this long closes the socket.")
    quiet_after_ms: int = Field(
        3_000,
        ge=20,
        description="Without an answer to a ping for this long, somebody who waits is not offered. "
        "Who is pinged because their partner's media is in trouble has this long in all.",
    )
    seat_ms: int = Field(15_000, ge=0, description="A place is held this long after a lost socket.")
    seat_after_leaving_page_ms: int = Field(
        5_000, ge=0, description="The same after close code 1001, which browsers send when a page is left or reloaded."
    )
    first_news_ms: int = Field(1_500, ge=50, description="Who starts to wait gets fresh numbers after this.")
    news_ms: int = Field(5_000, ge=50, description="Then again and again after this.")
    room_fallback_ms: int = Field(
        1_000, ge=0, description="The gateway of the second side makes the room itself after this."
    )

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        for shorter, sign, longer in (
            ("pong_wait_ms", "<", "heartbeat_ms"),
            ("quiet_after_ms", "<", "pong_wait_ms"),
            ("seat_after_leaving_page_ms", "<=", "seat_ms"),
            ("first_news_ms", "<=", "news_ms"),
        ):
            low, high = getattr(self, shorter), getattr(self, longer)
            if low > high or (low == high and sign == "<"):
                raise ValueError(_relation(shorter, sign, longer, self))
        return self


class LimitSettings(Section):
    """How much one connection, person or address prefix may do. A prefix is an IPv4 address, or 64 bits of IPv6.

    A rate reads `N/TIME burst B`: B at once, then N in each TIME (`500ms`, `2s`, `m`, `1h`). `off` is no limit.
    """

    profile: Literal["public", "load"] = Field(
        "public", description="load: everything that is not set here is without a limit, for load tests and benchmarks."
    )
    message: RateText = Field("20/s burst 60", description="Messages of any kind, by connection.")
    chat: RateText = Field("10/s burst 20", description="`chat` and `typing`, by connection.")
    blocks: RateText = Field(
        "1/s burst 10", description="`block`, `report`, `unblock` and `blocked_list`, by connection."
    )
    diagnostics: RateText = Field("3/m burst 5", description="`diagnostics`, by connection: each is a line of log.")
    find: RateText = Field("1/2s burst 5", description="`find` and `next`, by person, over reconnects too.")
    report: RateText = Field(
        "5/m burst 5",
        description="`report`, by person, over reconnects too. Beyond it the partner is blocked all the same.",
    )
    call: RateText = Field("6/m burst 3", description="`call`, by person, over reconnects too.")
    ring: RateText = Field("20/m burst 10", description="Calls of one person, by whomever.")
    auth: RateText = Field("10/m burst 30", description="`auth`, by prefix. A good resume token is not counted.")
    resume: RateText = Field("1/2s burst 10", description="`resume`, by person: what is by connection begins anew.")
    guest: RateText = Field("10/m burst 30", description="New guests, by prefix.")
    accept: RateText = Field("50/s burst 500", description="New sockets, by prefix.")
    unauthenticated: int = Field(128, ge=1, description="Sockets that are open before `auth` or `resume`, by prefix.")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Networks of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                ip_network(text)
            except ValueError as error:
                raise ValueError(f"{error}: write a network such as 10.0.0.0/8 or an address") from error
        return texts

    def rate(
        self,
        name: Literal[
            "message",
            "chat",
            "find",
            "blocks",
            "diagnostics",
            "report",
            "call",
            "ring",
            "auth",
            "resume",
            "guest",
            "accept",
        ],
    ) -> Rate:
        """A rate, with the profile in force."""
        return parse_rate(getattr(self, name)) if self._counts(name) else UNLIMITED

    @property
    def standing(self) -> int:
        """How many sockets of a prefix may be unauthenticated at once, with the profile in force."""
        return self.unauthenticated if self._counts("unauthenticated") else sys.maxsize

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """`trusted_proxies` as networks."""
        return tuple(ip_network(text) for text in self.trusted_proxies)

    def _counts(self, name: str) -> bool:
        return self.profile == "public" or name in self.model_fields_set


Slots = Annotated[float, Field(gt=0, le=1_000)]


class NodeSettings(Section):
    """One of several media servers, each on its own: they do not know each other and share no Redis.

    In a variable the whole list is JSON: `DUOLOGUE_LIVEKIT__NODES='[{"name": "a", ...}]'`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$", description="What logs call it. Do not give it to another.")
    url: str = Field(description="Where we reach it.")
    public_url: str | None = Field(None, description="What clients connect to; default: `url`.")
    api_key: str = Field(description="Its key. Servers may share one.")
    api_secret: SecretStr = Field(description="Its secret.")
    join_slots_per_s: Slots | None = Field(
        None, description="Pairs it may start in a second; default: 7.9 for each core of the machine that reads this."
    )


class LiveKitSettings(Section):
    """The media servers: one (`url`), several (`nodes`), or our own."""

    url: str | None = Field(None, description="An existing server; without one, `duologue dev` starts its own.")
    public_url: str | None = Field(None, description="What clients connect to; default: `url`, or our own server.")
    api_key: str | None = Field(None, description="Needed with `url`.")
    api_secret: SecretStr | None = Field(None, description="Needed with `url`.")
    join_slots_per_s: Slots | None = Field(
        None, description="Pairs it may start in a second; default: 7.9 for each core of this machine."
    )
    nodes: tuple[NodeSettings, ...] = Field((), description="Several servers, instead of `url`.")
    binary: Path | None = Field(None, description="The livekit-server to start; default: found on PATH or built.")
    port: int = Field(7880, ge=1, le=65535, description="Our own server: signalling and API, TCP.")
    udp_port: int = Field(7882, ge=1, le=65535, description="Our own server: media, UDP.")

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if self.url is not None and self.nodes:
            raise ValueError("url (or LIVEKIT_URL) and nodes name the servers twice: keep one of them")
        names = [node.name for node in self.nodes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two nodes are called {', '.join(twice)}: give each a name of its own")
        return self


Word = Annotated[str, Field(min_length=1, max_length=32)]
Reason = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
Wait = Annotated[int, Field(ge=0, le=3_600_000)]


class FacetSettings(Section):
    """Something people can state about themselves and filter by."""

    widens_after_ms: Wait | None = Field(
        None, description="After this much waiting a wish about it is dropped. Without it: never, the facet is hard."
    )
    values: Annotated[tuple[Word, ...], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The values that there are; others are refused. Without it: any word."
    )


class CallSettings(Section):
    """Direct calls: [how they work](../explanation/calls.md)."""

    who: Literal["link", "anyone_in_tenant", "nobody"] = Field(
        "link",
        description="Who may call somebody. link: who has their personal link; anyone_in_tenant: also users of the "
        "same integrator, by what it calls them (`sub`), but no guests.",
    )
    ring_ms: int = Field(60_000, ge=1_000, le=300_000, description="How long it rings before it is missed.")


class MatchingSettings(Section):
    """Who meets whom."""

    facets: Annotated[dict[Word, FacetSettings], Field(max_length=8)] = Field(
        {"language": FacetSettings(widens_after_ms=8_000)}, description="What people can state and filter by."
    )
    recently_met_after_ms: Wait = Field(
        5_000, description="Waiting this long, people met lately will do where nobody else fits."
    )
    hold_ms: int = Field(
        0, ge=0, le=60_000, description="How long an arrival only lets itself be found, so that more choice gathers."
    )

    @field_validator("facets", mode="before")
    @classmethod
    def _no_list(cls, value: object) -> object:
        """Until 0.1.0 it was a list of names."""
        if isinstance(value, list | tuple):
            example = value[0] if value else "language"
            raise ValueError(  # noqa: TRY004 - pydantic turns only these into its own error
                f"facets is a table now: write [matching.facets.{example}] for each of them, "
                "with widens_after_ms = 8000 for one that may loosen, or nothing for a hard one"
            )
        return value

    def rules(self) -> Rules:
        """The same as the matcher takes it."""
        facets = tuple(Facet(name, each.widens_after_ms, each.values) for name, each in self.facets.items())
        return Rules(facets, self.recently_met_after_ms, self.hold_ms)


class ReportSettings(Section):
    """What people can report about a partner: [how it works](../howto/reports.md)."""

    reasons: Annotated[tuple[Reason, ...], Field(max_length=20)] = Field(
        ("nudity", "harassment", "hate", "violence", "minor", "spam"),
        description="What there is to choose from, besides `other`, which there always is.",
    )
    evidence: bool = Field(
        True, description="Whether a report keeps what the two wrote last: 20 lines at most, of both."
    )
    keep_days: int = Field(90, ge=1, le=3_650, description="Then a report is deleted.")

    def terms(self) -> ReportTerms:
        """The same as the service takes it."""
        return ReportTerms((*(each for each in self.reasons if each != OTHER), OTHER), self.evidence, self.keep_days)


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
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text().strip()
        except OSError as error:
            raise StartupError(f"redis.password_file cannot be read: {error}") from error


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
        try:
            return self.url_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"database.url_file {self.url_file} cannot be read: {error}") from error


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


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix="DUOLOGUE_",
        env_nested_delimiter="__",
        toml_file=CONFIG_FILE,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )
    http: HttpSettings = HttpSettings()
    admin: AdminSettings = AdminSettings()
    gateway: GatewaySettings = GatewaySettings()
    auth: AuthSettings = AuthSettings()
    timing: TimingSettings = TimingSettings()
    limits: LimitSettings = LimitSettings()
    livekit: LiveKitSettings = LiveKitSettings()
    matching: MatchingSettings = MatchingSettings()
    reports: ReportSettings = ReportSettings()
    calls: CallSettings = CallSettings()
    redis: RedisSettings = RedisSettings()
    database: DatabaseSettings = DatabaseSettings()
    log: LogSettings = LogSettings()
    guest_scope: Literal["tab", "device"] = Field(
        "tab", description="tab: every tab is a person of its own, so that two tabs meet; device: one a browser."
    )
    token_key: SecretStr | None = Field(
        None,
        description="Signs our tokens, the same on all machines: 32 bytes at least, such as `openssl rand -base64 32` "
        "gives. `duologue serve` needs it or `token_key_file`; `duologue dev` makes one of its own.",
    )
    token_key_file: Path | None = Field(None, description="A file with the same, readable by this user only.")
    state_dir: Path | None = Field(None, description="Keys and logs of this installation; default: the user's.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options beat the environment, the environment beats the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


DATABASE_VARIABLE = "DATABASE_URL"
LIVEKIT_VARIABLES = {"url": "LIVEKIT_URL", "api_key": "LIVEKIT_API_KEY", "api_secret": "LIVEKIT_API_SECRET"}


def load(**options: Any) -> Settings:
    """Read the configuration. Raises `StartupError` that names what is wrong and where."""
    from_livekit = {
        name: os.environ[variable] for name, variable in LIVEKIT_VARIABLES.items() if variable in os.environ
    }
    from_redis = {"url": os.environ["REDIS_URL"]} if "REDIS_URL" in os.environ else {}
    _refuse_unknown_variables()
    options["redis"] = from_redis | options.get("redis", {})
    options["livekit"] = from_livekit | options.get("livekit", {})
    if DATABASE_VARIABLE in os.environ:
        options["database"] = {"url": os.environ[DATABASE_VARIABLE]} | options.get("database", {})
    try:
        return Settings(**options)
    except ValidationError as error:
        problems = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise StartupError(
            f"the configuration does not hold ({CONFIG_FILE}, DUOLOGUE_* or an option):\n" + "\n".join(problems)
        ) from error
    except ValueError as error:
        raise StartupError(f"{CONFIG_FILE} cannot be read: {error}") from error


def _refuse_unknown_variables() -> None:
    """The library ignores variables of sections that do not exist; fields within a section it checks itself."""
    prefix = "DUOLOGUE_"
    names = {name: name.upper().removeprefix(prefix) for name in os.environ if name.upper().startswith(prefix)}
    unknown = [
        f"  {rest.lower().replace('__', '.')}: no such setting (from {name})"
        for name, rest in sorted(names.items())
        if rest.split("__")[0].lower() not in Settings.model_fields
    ]
    if unknown:
        raise StartupError("the environment names settings that do not exist:\n" + "\n".join(unknown))
