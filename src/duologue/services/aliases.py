"""What strangers are called while they talk. An alias lives as long as the pair and says nothing about anybody."""

from __future__ import annotations

from duologue.ports import Rng

ALIASES = (
    "Heron", "Otter", "Linnet", "Marten", "Plover", "Badger", "Curlew", "Dunlin", "Falcon", "Gannet",
    "Hare", "Ibis", "Jackdaw", "Kestrel", "Lapwing", "Magpie", "Nightjar", "Osprey", "Pipit", "Quail",
    "Raven", "Sable", "Tern", "Vole", "Wren", "Bittern", "Chough", "Dipper", "Egret", "Finch",
    "Grebe", "Hobby", "Kite", "Lark", "Merlin", "Oriole", "Puffin", "Robin", "Siskin", "Stork",
    "Swift", "Teal", "Thrush", "Wagtail", "Whimbrel", "Beaver", "Ermine", "Lynx", "Stoat", "Weasel",
)  # fmt: skip


def two_aliases(rng: Rng) -> tuple[str, str]:
    """Two different names."""
    first = rng.below(len(ALIASES))
    step = 1 + rng.below(len(ALIASES) - 1)
    return ALIASES[first], ALIASES[(first + step) % len(ALIASES)]
