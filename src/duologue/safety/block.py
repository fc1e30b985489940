"""A block, as its maker sees it."""

from __future__ import annotations

from typing import NamedTuple

from duologue.ids import BlockId, PersonId


class Block(NamedTuple):
    """Somebody does not want to meet somebody again. It holds in both directions, and only its maker can end it."""

    id: BlockId
    person: PersonId
    """Who is blocked; never told to a client."""
    alias: str
    """What they were called when it was made, which is all that its maker knows of them."""
    at_ms: int
