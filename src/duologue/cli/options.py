"""What options of several commands have in common."""

from __future__ import annotations


def given(**options: object) -> dict[str, object]:
    """Those that were used."""
    return {name: value for name, value in options.items() if value is not None}
