"""What people write, made fit to be shown. Pure."""

from __future__ import annotations

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""C0 but tab and line feed, DEL, C1: no keyboard types them, and terminals and logs obey them."""


def without_controls(text: str) -> str:
    """The same text without control characters; line feeds and tabs stay."""
    return _CONTROLS.sub("", text)
