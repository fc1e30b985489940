"""What every test may use: a whole server in this process, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from duologue.app.dev import Started, all_in_one
from duologue.app.media import MediaChoice
from duologue.client import Invitation, RandomChatSession, join
from duologue.media.fake import FakeMedia
from duologue.protocol.codes import Mode
from duologue.settings import CallSettings, DatabaseSettings, GatewaySettings, HttpSettings, LimitSettings, Settings
from duologue.settings.auth import AuthSettings
from tests.fakes import free_port
from tests.log_content import offences, recorded
from tests.postgres import Postgres, running_postgres


@pytest.fixture(autouse=True)
def _nothing_in_the_log_that_must_not_be_there() -> Iterator[None]:
    """Whatever a test makes this process log; processes that it starts are looked at where they end."""
    with recorded() as lines:
        yield
    assert offences("\n".join(lines)) == []


class Town:
    """A running server and the people in it."""

    def __init__(self, started: Started, media: FakeMedia, stack: AsyncExitStack) -> None:
        self.page_url = started.page_url
        self.websocket_url = started.websocket_url
        self.media = media
        self._stack = stack

    async def person(self, token: str | None = None) -> RandomChatSession:
        """Somebody new, connected, gone at the end of the test: a guest, or who comes with this token."""
        invitation = await join(self.page_url) if token is None else Invitation(self.websocket_url, token)
        session = RandomChatSession(invitation)
        return await self._stack.enter_async_context(session)


@asynccontextmanager
async def open_town(
    state_dir: Path,
    limits: dict[str, Any] | None = None,
    auth: dict[str, Any] | None = None,
    database: DatabaseSettings | None = None,
    calls: CallSettings | None = None,
    **gateway: Any,
) -> AsyncIterator[Town]:
    """Everything but a real media server: gateway, matcher, HTTP API and memory store on free ports."""
    settings = Settings(
        http=HttpSettings(port=free_port()),
        gateway=GatewaySettings(port=free_port(), **gateway),
        limits=LimitSettings(**{"profile": "load"} | (limits or {})),
        auth=AuthSettings(**auth or {}),
        database=database or DatabaseSettings(),
        calls=calls or CallSettings(),
        state_dir=state_dir,
    )
    media = FakeMedia()
    choice = MediaChoice(media, "fake", frozenset(Mode))
    async with all_in_one(settings, choice) as (started, _), AsyncExitStack() as people:
        yield Town(started, media, people)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A whole server for this test."""
    async with open_town(tmp_path) as town:
        yield town


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the whole run; who stops it starts it again."""
    with running_postgres() as server:
        yield server
