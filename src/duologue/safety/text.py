"""What strangers write, made fit to be shown to people, and to operators in a log. Pure."""

from __future__ import annotations

import re

from duologue.safety.addresses import is_private, parse

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""C0 but tab and line feed, DEL, C1: no keyboard types them, and terminals and logs obey them."""


def without_controls(text: str) -> str:
    """The same text without control characters; line feeds and tabs stay."""
    return _CONTROLS.sub("", text)


def printable(text: str) -> str:
    """The same text on one line of a terminal, without anything that it would obey or hide."""
    return "".join(each if each.isprintable() else "?" for each in text)


_PLACE = re.compile(r"(?:https?://)?([a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,40})*)(?::\d{1,5})?(?:/(?!eyJ)[\w.-]{0,60}){0,4}")
UNFIT = "something else"


def place_for_log(text: str) -> str:
    """A site as a stranger names it, if it looks like one; a token, an address or a sentence in its stead does not."""
    found = _PLACE.fullmatch(text) if len(text) <= 150 else None
    if found is None:
        return UNFIT
    return UNFIT if parse(found[1]) is not None and not is_private(found[1]) else text
