"""All sections together, and where they are read from.

Sources, the later wins: defaults, `duologue.toml`, `DUOLOGUE_SECTION__NAME` in the environment,
options of the command line. `LIVEKIT_URL`, `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` are read as
LiveKit's own tools read them, `REDIS_URL` and `DATABASE_URL` as most programs do. Unknown names are
refused: a typo must not silently mean the default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from duologue.errors import StartupError
from duologue.settings.auth import AuthSettings
from duologue.settings.backends import DatabaseSettings, LogSettings, RedisSettings
from duologue.settings.calls import CallSettings
from duologue.settings.limits import LimitSettings, TimingSettings
from duologue.settings.listeners import AdminSettings, GatewaySettings, HttpSettings
from duologue.settings.matching import MatchingSettings, ReportSettings
from duologue.settings.media import LiveKitSettings

CONFIG_FILE = "duologue.toml"


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
