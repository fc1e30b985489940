"""Everything an operator can set, with its default. Read once, at the start, by `app.py` and the commands.

Sources, the later wins: defaults, `duologue.toml`, `DUOLOGUE_SECTION__NAME` in the environment,
options of the command line. `LIVEKIT_URL`, `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` are read as
LiveKit's own tools read them. Unknown names are refused: a typo must not silently mean the default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from duologue.errors import StartupError
from duologue.matching.rules import Facet, Rules

CONFIG_FILE = "duologue.toml"


class Section(BaseModel):
    """A section of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpSettings(Section):
    """The HTTP listener: page, guest tokens, health."""

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="The page, guest tokens, health.")
    guests_per_minute: int = Field(10, ge=1, le=60_000, description="New guests a minute and address, after a burst.")
    guests_burst: int = Field(30, ge=1, description="New guests at once and address.")


class GatewaySettings(Section):
    """The WebSocket listener."""

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8001, ge=1, le=65535, description="Where clients connect.")
    public_url: str | None = Field(None, description="What clients connect to; default ws://HOST:PORT.")
    origins: frozenset[str] = Field(frozenset(), description="Pages that may connect, besides our own.")
    max_connections: int = Field(20_000, ge=1, description="Beyond it clients are told to come back later.")

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may connect."""
        return origin in self.origins


class LiveKitSettings(Section):
    """The media server."""

    url: str | None = Field(None, description="An existing server; without it, `duologue dev` starts its own.")
    api_key: str | None = Field(None, description="Needed with `url`.")
    api_secret: SecretStr | None = Field(None, description="Needed with `url`.")
    binary: Path | None = Field(None, description="The livekit-server to start; default: found on PATH or built.")
    port: int = Field(7880, ge=1, le=65535, description="Our own server: signalling and API, TCP.")
    udp_port: int = Field(7882, ge=1, le=65535, description="Our own server: media, UDP.")


Word = Annotated[str, Field(min_length=1, max_length=32)]
Wait = Annotated[int, Field(ge=0, le=3_600_000)]


class FacetSettings(Section):
    """Something people can state about themselves and filter by."""

    widens_after_ms: Wait | None = Field(
        None, description="After this much waiting a wish about it is dropped. Without it: never, the facet is hard."
    )
    values: Annotated[tuple[Word, ...], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The values that there are; others are refused. Without it: any word."
    )


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


class LogSettings(Section):
    """How to log."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    format: Literal["auto", "console", "json"] = Field("auto", description="auto: console on a terminal, else JSON.")


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix="DUOLOGUE_", env_nested_delimiter="__", toml_file=CONFIG_FILE, extra="forbid", frozen=True
    )
    http: HttpSettings = HttpSettings()
    gateway: GatewaySettings = GatewaySettings()
    livekit: LiveKitSettings = LiveKitSettings()
    matching: MatchingSettings = MatchingSettings()
    log: LogSettings = LogSettings()
    guest_scope: Literal["tab", "device"] = Field(
        "tab", description="tab: every tab is a person of its own, so that two tabs meet; device: one a browser."
    )
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


LIVEKIT_VARIABLES = {"url": "LIVEKIT_URL", "api_key": "LIVEKIT_API_KEY", "api_secret": "LIVEKIT_API_SECRET"}


def load(**options: Any) -> Settings:
    """Read the configuration. Raises `StartupError` that names what is wrong and where."""
    from_livekit = {
        name: os.environ[variable] for name, variable in LIVEKIT_VARIABLES.items() if variable in os.environ
    }
    _refuse_unknown_variables()
    options["livekit"] = from_livekit | options.get("livekit", {})
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
