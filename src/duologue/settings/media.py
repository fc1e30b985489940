"""Where media servers are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from duologue.settings.section import Section, refuse_namesakes

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
        refuse_namesakes((node.name for node in self.nodes), "nodes")
        return self
