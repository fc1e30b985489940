"""People in Firefox: the same page, and the fast start without what Firefox lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.camera import GREEN, RED
from tests.e2e.conftest import SHOTS, Invite
from tests.e2e.firefox import FirefoxPerson, firefox
from tests.e2e.person import meet, see_each_other
from tests.e2e.servers import Server


@pytest.fixture
def fox(server: Server, tmp_path: Path) -> Iterator[FirefoxPerson]:
    """Somebody in Firefox, whose console holds no warning at the end."""
    with firefox(tmp_path / "profile") as page:
        yield FirefoxPerson(page, server.url, SHOTS, "fox")
        assert page.console() == []


def test_who_speaks_while_muted_is_told(invite: Invite, fox: FirefoxPerson) -> None:
    """Firefox's microphone hums without a pause; the hint switches it on again."""
    ana = invite("ana", RED)
    for person in (fox, ana):
        person.open("?lang=en&mode=voice")
        person.press_go()
    ana.hears_something()

    fox.press("mute-mic")
    fox.press("speak")

    fox.expect_gone("speak")
    expect(ana.page.get_by_text("is muted")).to_have_count(0)
    ana.hears_something()


def test_firefox_meets_chromium_and_moves_on(invite: Invite, fox: FirefoxPerson) -> None:
    """Both see, hear and read each other; Next leads to a third person, and leaves no connection open."""
    ana, cleo = invite("ana", RED), invite("cleo", GREEN)
    meet(fox, ana)
    fox.write("hello from Firefox")
    ana.expect_line("hello from Firefox", mine=False)
    ana.write("and from Chromium")
    fox.expect_line("and from Chromium")
    fox.shot("talking-firefox")

    cleo.open()
    cleo.press_go()
    cleo.expect_phase("searching")
    fox.press_go()
    see_each_other(fox, cleo)
    assert fox.page.evaluate("duologue.media.ledger.live") == 1
    counts = fox.page.evaluate("duologue.media.fastStartCounts")
    assert counts["slimOffers"] > 0, counts
    assert counts["earlyOffers"] > 0, counts
    assert counts["keyframes"] == 0, "Firefox makes keyframes on demand now: say so in docs/howto/media.md"


@pytest.mark.long
@pytest.mark.timeout(200)
def test_a_partner_who_reloads_is_seen_and_heard_again(invite: Invite, fox: FirefoxPerson) -> None:
    """Every time: in Firefox one in three goes to a track that nobody hears, and is fetched from there."""
    ana = invite("ana", RED)
    meet(fox, ana)

    for _ in range(8):
        ana.page.reload()
        see_each_other(ana, fox)

    assert fox.page.evaluate("duologue.media.ledger.live") == 1
