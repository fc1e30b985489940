"""Close codes and error codes: a closed vocabulary, because clients act on the number, not on the prose.

A close code *is* policy: its hundred says what the client does next.

====  ==========================================  =========
code  what the client does                        examples
====  ==========================================  =========
40xx  comes back now, with jitter                 going_away, slow_consumer
41xx  comes back after the delay it was told      rate_limited, overloaded
42xx  gets a new token first                      token_expired
43xx  does not come back                          replaced, banned
====  ==========================================  =========

The ranges follow RFC 6455 section 7.4.2 (4000-4999 are for private use).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    """Why the server closed a socket."""

    GOING_AWAY = 4000
    """This process is stopping; another one serves you."""
    SERVER_ERROR = 4001
    """A defect on our side; nothing was lost."""
    BACKEND_UNAVAILABLE = 4002
    """The store, or the key that your token was signed with, is out of reach."""
    SLOW_CONSUMER = 4003
    """You read slower than you are written to."""
    NO_PONG = 4004
    """You did not answer a ping in time."""
    RESYNC = 4005
    """Messages were lost on the way to you; resume to get the truth."""

    RATE_LIMITED = 4100
    """Too many messages, or too many sockets or tokens from this address."""
    OVERLOADED = 4101
    """This process takes no more people right now."""

    TOKEN_EXPIRED = 4200
    """Get a new token, then come back."""

    INVALID_TOKEN = 4300
    """The token was not issued for this server."""
    PROTOCOL_ERROR = 4301
    """A message that breaks the protocol."""
    MESSAGE_TOO_BIG = 4302
    """A message above `max_bytes` (far above, the standard code 1009 says the same)."""
    REPLACED = 4303
    """The same person has too many sessions: the one that stood by longest goes."""
    BANNED = 4304
    """Not welcome here."""
    UNSUPPORTED_VERSION = 4305
    """This server does not speak your version of the protocol."""
    AUTH_TIMEOUT = 4306
    """Neither `auth` nor `resume` came in time."""


class ErrorCode(StrEnum):
    """Why a command was refused."""

    BAD_REQUEST = "bad_request"
    """The command makes no sense in this state."""
    NOT_AVAILABLE = "not_available"
    """This server does not offer it (yet)."""
    RATE_LIMITED = "rate_limited"
    """Too fast; `retry_after_ms` says when."""
    NOT_ACTIVE = "not_active"
    """Another session of the same person is the active one; `auth` on this socket takes over."""
    UNAVAILABLE = "unavailable"
    """The store or the media server is out of reach; nothing was done."""
    MEDIA_FAILED = "media_failed"
    """No media server can take a pair right now."""
    UNKNOWN_LINK = "unknown_link"
    """Nobody is behind this personal link: it was taken back, or never was one."""


class EndReason(StrEnum):
    """Why a pair ended."""

    NEXT = "next"
    """Somebody moved on."""
    LEFT = "left"
    """Somebody stopped."""
    LOST = "lost"
    """Somebody's connection did not come back in time."""
    MEDIA_FAILED = "media_failed"
    """Picture and sound did not come up in time."""


class CallEnd(StrEnum):
    """Why a call came to nothing, or rings no more here."""

    DECLINED = "declined"
    """The callee does not want it."""
    CANCELLED = "cancelled"
    """The caller stopped ringing, or is gone."""
    MISSED = "missed"
    """Nobody answered in time."""
    BUSY = "busy"
    """The callee talks, or rings with somebody."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """Another session of the same person took it."""
    LOST = "lost"
    """The servers lost it: their store began anew. Call again."""


class PeerEvent(StrEnum):
    """What happened to the other one."""

    RECONNECTING = "reconnecting"
    BACK = "back"
    MUTED = "muted"
    HIDDEN = "hidden"


class MediaEvent(StrEnum):
    """What a client reports about its media."""

    CONNECTED = "connected"
    """Joined the room and published (text mode: the talk is on the screen)."""
    FAILED = "failed"
    RECONNECTING = "reconnecting"
    MISMATCH = "mismatch"
    FIRST_FRAME = "first_frame"


class Mode(StrEnum):
    """What two people share. Never crossed: a video seeker never meets a text seeker."""

    VIDEO = "video"
    VOICE = "voice"
    TEXT = "text"


class Pause(StrEnum):
    """Why you are not matched at the moment, although somebody may fit."""

    MEDIA_DOWN = "media_down"
    """No media server works."""
    MEDIA_BUSY = "media_busy"
    """Media servers take no more people at once: it goes on in a moment."""
    YOUR_MEDIA = "your_media"
    """Your own picture and sound did not get through just now: the next try is a little later."""
    MATCHING_DOWN = "matching_down"
    """The servers do not know for sure who waits: their store is out of reach, or began anew a moment ago."""


class FailureCause(StrEnum):
    """Why a client gave up on its media: what its `detail` is counted as."""

    DEVICE = "device"
    """No camera or microphone, or no leave to use it."""
    TIMEOUT = "timeout"
    """It did not connect in time."""
    REFUSED = "refused"
    """The media server did not let it in."""
    NETWORK = "network"
    """It was in, and the way to the media server broke."""
    REMOVED = "removed"
    """The media server threw it out."""
    MISSING = "missing"
    """It was in, and what the partner sends did not come."""
    OTHER = "other"


class ReportCause(StrEnum):
    """Why a client reports of itself, if not just to tell its figures."""

    CONNECT_TIMEOUT = "connect_timeout"
    """It did not come up in time."""
    CONNECT_FAILED = "connect_failed"
    """It was refused, or broke off before it was up."""
    RECONNECT_TIMEOUT = "reconnect_timeout"
    """It was up, went away, and did not come back in time."""
    LOST = "lost"
    """It was up, and ended by itself."""
    MISMATCH = "mismatch"
    """The session, the media library and its connections did not agree about their state."""
    LEAKED = "leaked"
    """Connections were alive when all should have been closed."""
    OTHER = "other"
    """A cause of a newer client."""

    @classmethod
    def _missing_(cls, _: object) -> ReportCause:
        return cls.OTHER


class TrailEvent(StrEnum):
    """What happened in a client before it reported: words without anything of a person in them."""

    ONLINE = "online"
    OFFLINE = "offline"
    FIND = "find"
    NEXT = "next"
    STOP = "stop"
    BLOCK = "block"
    WAITING = "waiting"
    MATCHED = "matched"
    TALKING = "talking"
    ENDED = "ended"
    JOIN = "join"
    LEAVE = "leave"
    SETTLED = "settled"
    """A join or a leave is over, and nothing else runs."""
    JOINED = "joined"
    FIRST_FRAME = "first_frame"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    OTHER = "other"
    """Something of a newer client."""

    @classmethod
    def _missing_(cls, _: object) -> TrailEvent:
        return cls.OTHER
