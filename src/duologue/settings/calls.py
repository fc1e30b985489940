"""Direct calls, and which servers are told of them.

Where we connect to is decided here and nowhere else, so nobody who calls or is called can send us anywhere.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from duologue.safety.addresses import Network, is_local
from duologue.settings.section import Section, networks_in, refuse_namesakes

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,24}$")]


class WebhookSettings(Section):
    """A server of yours that is told of direct calls, to wake phones: [how](../howto/call-webhooks.md).

    In a variable the whole list is JSON: `DUOLOGUE_CALLS__WEBHOOKS='[{"name": "push", ...}]'`.
    """

    name: Name = Field(description="What logs call it. Do not give it to another.")
    url: str = Field(description="Where it is: https, or http on loopback and in `private_networks`.")
    secret: SecretStr | None = Field(
        None,
        description="Signs what is sent: `whsec_` and 24 to 64 bytes in base64. Several, with blanks between them, "
        "sign all: so a secret is changed.",
    )
    secret_file: Path | None = Field(None, description="A file with the same, or with a secret a line.")
    tenant: Name | None = Field(
        None, description="Whose calls: those of one tenant (`default` are guests). Default: everybody's."
    )
    private_networks: tuple[str, ...] = Field(
        (),
        description="Networks beside the internet that it may be in, such as `10.0.0.0/8`. Without it, an address that "
        "is not of the internet is refused, whatever name leads there.",
    )

    @field_validator("private_networks")
    @classmethod
    def _networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return networks_in(texts)

    @model_validator(mode="after")
    def _safe_url(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not _has_good_port(parts):
            raise ValueError("url: write it as https://push.example.org/calls")
        if parts.username is not None or parts.password is not None:
            raise ValueError("url: no user and password in it; the signature says who we are")
        if parts.scheme == "http" and not (is_local(parts.hostname) or self.private_networks):
            raise ValueError("url: write https://..., or name the network that it is in in private_networks")
        return self

    @model_validator(mode="after")
    def _one_source_of_secrets(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("one of secret and secret_file has to be set: openssl rand -base64 32, after whsec_")
        return self

    @property
    def networks(self) -> tuple[Network, ...]:
        """`private_networks` as networks."""
        return tuple(ip_network(text) for text in self.private_networks)


class CallSettings(Section):
    """Direct calls: [how they work](../explanation/calls.md)."""

    who: Literal["link", "anyone_in_tenant", "nobody"] = Field(
        "link",
        description="Who may call somebody. link: who has their personal link; anyone_in_tenant: also users of the "
        "same integrator, by what it calls them (`sub`), but no guests.",
    )
    ring_ms: int = Field(60_000, ge=1_000, le=300_000, description="How long it rings before it is missed.")
    webhooks: tuple[WebhookSettings, ...] = Field((), description="Servers of yours that are told of calls.")

    @field_validator("webhooks")
    @classmethod
    def _no_two_alike(cls, webhooks: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        refuse_namesakes((each.name for each in webhooks), "webhooks")
        return webhooks


def _has_good_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
