"""The ids that travel between rooms of this project, as distinct types.

Minting needs randomness, so it happens where an `Rng` is at hand (services, matcher, gateway).
"""

from __future__ import annotations

from typing import NewType

PersonId = NewType("PersonId", str)
"""One person; stable as long as their token or refresh secret."""
SessionId = NewType("SessionId", str)
"""One socket of a person; who enters again on the same socket keeps it, with a new generation."""
GatewayId = NewType("GatewayId", str)
"""One incarnation of a gateway process; never reused."""
MatcherId = NewType("MatcherId", str)
"""One incarnation of a matcher process; never reused."""
PairId = NewType("PairId", str)
"""Two people in a room. Also the name of the room on the media server, so that one id can be followed."""
CallId = NewType("CallId", str)
"""One direct call, until its answer; nothing of its parties can be read in it."""
RequestId = NewType("RequestId", str)
"""A command's id as its client chose it."""
NodeName = NewType("NodeName", str)
"""One media server, as the operator calls it."""
BlockId = NewType("BlockId", str)
"""One block, as its maker sees it: unguessable, and says nothing about the other one."""
