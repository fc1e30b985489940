"""The page of the protocol leaves out nothing that goes over the wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from duologue.protocol.client import ClientMessage
from duologue.protocol.codes import CloseCode, ErrorCode
from duologue.protocol.server import ServerMessage

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/protocol.md").read_text()


def test_the_page_has_every_message() -> None:
    """By its name, alone or with what it carries."""
    messages = [*get_args(ClientMessage), *get_args(ServerMessage)]
    names = {str(message.__struct_config__.tag) for message in messages}

    assert {name for name in names if not re.search(rf"`{name}[`{{.]", PAGE)} == set()


def test_the_page_has_every_code() -> None:
    """A client has to know what follows from each."""
    rows = {line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("|")}

    assert {f"`{code}`" for code in ErrorCode} <= rows
    assert {str(int(code)) for code in CloseCode} <= rows
