"""What it looks like: everything that matters is on a terminal of 80 columns."""

from __future__ import annotations

import io

import pytest

from duologue.top.draw import drawn, terminal
from duologue.top.read import view
from duologue.top.view import View
from tests.top.test_read import MATCHER, gateway, look


def screen(seen: View, width: int) -> str:
    file = io.StringIO()
    terminal(file, width).print(drawn(seen, width))
    return file.getvalue()


def busy() -> View:
    """Two processes that answer, and one that does not."""
    before = look(0, gateway=gateway(), matcher=MATCHER, lost=gateway())
    return view(before, look(30, gateway=gateway(nexts=60), matcher=MATCHER, lost="!connection refused"))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_everything_is_to_be_seen_at_any_width(width: int) -> None:
    """And nothing is wider than the terminal."""
    text = screen(busy(), width)

    assert max(map(len, text.splitlines())) <= width
    for word in (
        "2 of 3 processes, store redis, the last 30 s",
        "4 pairs talk",
        "2/s Next",
        "a:video",
        "fra-1 up 60/s",
    ):
        assert word in text


def test_what_is_wrong_comes_first() -> None:
    """Before any table."""
    lines = screen(busy(), 80).splitlines()

    assert "something is wrong" in lines[0]
    assert lines[1].startswith("PROBLEM  lost: does not tell at lost:1 how it is: connection refused")


def test_before_anybody_came_it_is_a_screen_too() -> None:
    """With dashes for what nobody told."""
    text = screen(view(look(0), look(1)), 80)

    assert "0 of 0 processes, store -" in text
    assert "- matches, - Next, - arrivals" in text


def named(cohort: str) -> View:
    """A matcher owns it."""
    matcher = MATCHER.replace("a:text", cohort)
    return view(look(0, matcher=matcher), look(1, matcher=matcher))


@pytest.mark.parametrize("name", ["[fd00::1]:9401", "acme[/b]", "[red]acme", ":cat:"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """`rich` would take parts of some for styles, and stumble over others."""
    assert name in screen(named(name), 120)


def test_a_name_gives_no_orders_to_the_terminal() -> None:
    """Whoever named the cohort."""
    assert "a?[2Jb" in screen(named("a\x1b[2Jb"), 120)
