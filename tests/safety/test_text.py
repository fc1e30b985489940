"""What people write, made fit to be shown."""

from __future__ import annotations

import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given

from duologue.safety.text import UNFIT, place_for_log, printable, without_controls


@given(st.text())
def test_exactly_the_control_characters_go(text: str) -> None:
    """By Unicode's own word for them; tabs and line feeds stay."""
    assert without_controls(text) == "".join(c for c in text if c in "\t\n" or unicodedata.category(c) != "Cc")


@pytest.mark.parametrize("order", ["\x1b[2J", "\x9b2J", "\n", "\u202e", "\u2028", "\ud800"])
def test_a_terminal_is_given_no_orders(order: str) -> None:
    """Neither to move nor to turn the text round; and a line stays one line."""
    assert printable(f"a{order}b") == f"a?{order[1:]}b"


@pytest.mark.parametrize(
    "text",
    ["https://acme.example", "http://localhost:3000", "http://192.168.1.5:3000", "acme", "https://x.example/a_B/c"],
)
def test_a_site_is_told_as_it_is_named(text: str) -> None:
    """An operator may have forgotten to allow it."""
    assert place_for_log(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "null and void", "https://x.example/?token=1", "https://81.2.69.142", "81.2.69.142:4000",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "https://x.example/eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "a" * 151, "x\ny",
    ],
)  # fmt: skip
def test_what_names_no_site_is_not_told(text: str) -> None:
    """It may be a token, somebody's address, or what they wrote."""
    assert place_for_log(text) == UNFIT
