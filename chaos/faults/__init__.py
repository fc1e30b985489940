"""Every fault there is, by families. To add one: write it in its family, and put its row into ARCHITECTURE.md."""

from chaos.faults import api, database, gateway, livekit, load, matcher, mixed, network, redis
from chaos.faults.fault import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "api", "database", "gateway", "livekit", "load", "matcher", "mixed", "network", "redis"]
