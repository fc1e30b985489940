"""Finds the processes, and asks each how it is. Reads only, and waits for nobody longer than `WITHIN_S`."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp

from duologue.app.targets import Target, own_address, read_targets
from duologue.errors import StartupError
from duologue.metrics.scrape import parse
from duologue.ports import Clock
from duologue.settings import AdminSettings
from duologue.top.read import Answer, Look

WITHIN_S = 2.0
CLOSED_IN_A_ROW = 3
"""While processes are replaced, one port in the middle may be closed."""
MOST_BYTES = 16 * 2**20
MOST_PORTS = 512


class Where(NamedTuple):
    """What an operator said of where the processes are."""

    urls: Sequence[str] = ()
    files: Sequence[Path] = ()


class Asker:
    """Asks the processes that there are at that moment. Made by `asker`."""

    def __init__(self, session: aiohttp.ClientSession, where: Where, admin: AdminSettings, clock: Clock) -> None:
        self._session = session
        self._where = where
        self._admin = admin
        self._clock = clock

    async def look(self) -> Look:
        """Ask all of them at once. Raises `StartupError` for a file that is named and no good."""
        targets = self._targets()
        answers = await self._probed() if targets is None else await asyncio.gather(*map(self._ask, targets))
        return Look(self._clock.monotonic_ms() / 1000, self._clock.now_ms() / 1000, answers)

    def _targets(self) -> list[Target] | None:
        """Who should be there, if anything says so."""
        if self._where.urls or self._where.files:
            named = [target for file in self._where.files for target in read_targets(file)]
            return [*(Target(each, each, "") for each in self._where.urls), *named]
        file = self._admin.targets_file
        return read_targets(file) if file is not None and file.exists() else None

    async def _probed(self) -> list[Answer]:
        """Whoever listens from `admin.port` on, until a few ports in a row are closed."""
        found: list[Answer] = []
        for first in range(0, MOST_PORTS, CLOSED_IN_A_ROW):
            seats = range(first, first + CLOSED_IN_A_ROW)
            addresses = [own_address(self._admin, seat) for seat in seats if self._admin.port + seat <= 65_535]
            answers = await asyncio.gather(*(self._ask(Target(each, each, "")) for each in addresses))
            open_ones = [each for each in answers if each.failure != REFUSED]
            found += open_ones
            if not open_ones:
                break
        return found

    async def _ask(self, target: Target) -> Answer:
        url = target.address if "://" in target.address else f"http://{target.address}"
        url = url if url.endswith("/metrics") else f"{url.rstrip('/')}/metrics"
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    return _failed(target, REFUSALS.get(answer.status, f"HTTP {answer.status}: its log says why"))
                text = (await _whole(answer)).decode()
            samples = parse(text)
        except (ValueError, aiohttp.ClientResponseError):
            return _failed(target, "what answers there is no Duologue")
        except TimeoutError:
            return _failed(target, f"no answer within {WITHIN_S:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return _failed(target, _why(error))
        if "duologue_build_info" not in samples:
            return _failed(target, "what answers there is no Duologue")
        return Answer(target.address, target.process, target.role, samples)


REFUSED = "connection refused, so it does not run"
REFUSALS = {
    401: "it wants its token: set DUOLOGUE_ADMIN__TOKEN or admin.token_file",
    404: "no admin listener is there",
    403: "it takes no such name for itself: ask for 127.0.0.1, or set admin.token",
}


@asynccontextmanager
async def asker(where: Where, admin: AdminSettings, clock: Clock) -> AsyncIterator[Asker]:
    """With connections that are kept. Raises `StartupError` for a token that cannot be read."""
    token = admin.given_token()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Asker(session, where, admin, clock)


def nobody_answers(look: Look, admin: AdminSettings) -> StartupError:
    """What to do about that."""
    probed = f"\n  {own_address(admin, 0)} and the ports after it: {REFUSED}"
    seen = "".join(f"\n  {each.address}: {each.failure}" for each in look.answers) or probed
    return StartupError(
        f"no process answers:{seen}\n"
        "Is `duologue serve` or `duologue dev` running? Start it; or say where the admin listeners are, "
        "with --url HOST:PORT, --targets FILE, or the settings that it has itself (admin.port, admin.targets_file)."
    )


def _failed(target: Target, why: str | None) -> Answer:
    return Answer(target.address, target.process, target.role, None, why)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = await answer.content.read(MOST_BYTES)
    while not answer.content.at_eof():
        more = await answer.content.read(MOST_BYTES)
        body += more
        if len(body) > MOST_BYTES:
            raise ValueError("no end of it")
    return body


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED:
        return REFUSED
    return str(error) or type(error).__name__
