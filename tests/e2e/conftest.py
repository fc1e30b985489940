"""A server for all tests that do not bring one of their own, and people with browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.browsers import WITHOUT_DEVICES, Browsers, Window
from tests.e2e.camera import Colour
from tests.e2e.person import Person
from tests.e2e.servers import Dev, Server

SHOTS = Path("test-results/e2e")


class Invite(Protocol):
    """Somebody new.

    `trouble` is what goes wrong for them: no camera nor microphone, denied or missing; sound that is held
    back until something was pressed.
    `browser` is the program to start, if not the Chromium of this machine.
    """

    def __call__(
        self, name: str, colour: Colour, trouble: str | None = None, browser: Path | None = None
    ) -> Person: ...


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of these tests, stopped as a person stops it."""
    server = Dev(tmp_path_factory.mktemp("state"))
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The browser driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browsers(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """The browsers of all people."""
    browsers = Browsers(playwright, tmp_path_factory.mktemp("browsers"))
    yield browsers
    browsers.close()


@pytest.fixture
def invite(server: Server, browsers: Browsers) -> Iterator[Invite]:
    """Somebody new with a browser and a camera; all leave at the end, and no console may hold a warning."""
    with inviting(server, browsers) as invite:
        yield invite


@contextmanager
def inviting(server: Server, browsers: Browsers, *, keep_pages: bool = False) -> Iterator[Invite]:
    """The same for any server. `keep_pages`: who goes back finds the page as it was left, as in usual browsers."""
    people: list[Person] = []
    with ExitStack() as stack:

        def window(colour: Colour, trouble: str | None, program: Path | None) -> Window:
            if (trouble, program, keep_pages) == (None, None, False):
                return stack.enter_context(browsers.lent(colour))
            own = browsers.start(colour, trouble, program, keep_pages=keep_pages)
            stack.callback(own.browser.close)
            return own

        def invite_one(name: str, colour: Colour, trouble: str | None = None, browser: Path | None = None) -> Person:
            browser_, camera = window(colour, trouble, browser)
            person = Person(browser_, server.url, camera, SHOTS, name, permitted=trouble not in WITHOUT_DEVICES)
            stack.callback(person.close)
            people.append(person)
            return person

        yield invite_one
    assert {person.name: person.console for person in people} == {person.name: [] for person in people}
