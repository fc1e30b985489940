"""What people write, made fit to be shown."""

from __future__ import annotations

import unicodedata

import hypothesis.strategies as st
from hypothesis import given

from duologue.safety.text import without_controls


@given(st.text())
def test_exactly_the_control_characters_go(text: str) -> None:
    """By Unicode's own word for them; tabs and line feeds stay."""
    assert without_controls(text) == "".join(c for c in text if c in "\t\n" or unicodedata.category(c) != "Cc")
