"""Everything an operator can set, with its default. Read once, at the start, by `app/` and the commands.

A module has the sections of its name; `everything.py` puts them together and says where they are read from.
"""

from duologue.settings.auth import AuthSettings, IssuerSettings
from duologue.settings.backends import DatabaseSettings, LogSettings, RedisSettings
from duologue.settings.calls import CallSettings, WebhookSettings
from duologue.settings.everything import CONFIG_FILE, DATABASE_VARIABLE, LIVEKIT_VARIABLES, Settings, load
from duologue.settings.limits import LimitSettings, TimingSettings
from duologue.settings.listeners import AdminSettings, GatewaySettings, HttpSettings
from duologue.settings.matching import FacetSettings, MatchingSettings, ReportSettings
from duologue.settings.media import LiveKitSettings, NodeSettings

__all__ = [
    "CONFIG_FILE", "DATABASE_VARIABLE", "LIVEKIT_VARIABLES",
    "AdminSettings", "AuthSettings", "CallSettings", "DatabaseSettings", "FacetSettings", "GatewaySettings",
    "HttpSettings", "IssuerSettings", "LimitSettings", "LiveKitSettings", "LogSettings", "MatchingSettings",
    "NodeSettings", "RedisSettings", "ReportSettings", "Settings", "TimingSettings", "WebhookSettings", "load",
]  # fmt: skip
