"""How long things may take, and how much of anything somebody may do."""

from __future__ import annotations

import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from duologue.safety.ratelimit import UNLIMITED, Rate, parse_rate
from duologue.settings.section import Section, networks_in, relation


def _checked_rate(text: str) -> str:
    parse_rate(text)
    return text


RateText = Annotated[str, AfterValidator(_checked_rate)]


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
        5_000, ge=0, description="The same after close code 1001 or 3001: a page was left or reloaded."
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
                raise ValueError(relation(shorter, sign, longer, self))
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
    auth: RateText = Field(
        "10/m burst 30", description="`auth` and `stand_by`, by prefix. A good resume token is not counted."
    )
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
        return networks_in(texts)

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
