"""Direct calls on the page: by a personal link, from the press to what both are told in the end."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.browsers import Browsers
from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import Invite, inviting
from tests.e2e.person import WITHIN_MS, Person, see_each_other
from tests.e2e.servers import Dev

TEXT = "?lang=en&mode=text"


def link_of(person: Person) -> str:
    """What they copy from "My link"."""
    person.context.grant_permissions(["clipboard-read", "clipboard-write", "camera", "microphone"])
    person.press_stop()
    person.page.get_by_test_id("copy-link").click()
    expect(person.page.get_by_role("button", name="Copied")).to_be_visible()
    person.page.keyboard.press("Escape")
    return str(person.page.evaluate("() => navigator.clipboard.readText()"))


def ring_up(caller: Person, link: str, query: str = "?lang=en") -> None:
    """They open somebody's link and press the one button."""
    caller.open(query + "#" + link.partition("#")[2])
    caller.press_go()
    caller.expect_phase("outgoing")


def expect_told(person: Person, words: str) -> None:
    """Wait until they read what became of the call."""
    expect(person.page.get_by_test_id("call-line")).to_contain_text(words, timeout=WITHIN_MS)


def test_who_has_a_link_calls_and_both_see_each_other(invite: Invite) -> None:
    """The link is copied, opened, called and answered; they talk, one hangs up, and both are told."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.open()
    link = link_of(ana)
    assert "#call=" in link
    ring_up(ben, link)
    ana.expect_phase("incoming")
    expect(ana.page.get_by_test_id("go")).to_be_focused()
    assert "is calling" in ana.page.title()
    ana.shot("incoming")

    ana.press_go()
    see_each_other(ana, ben)
    ana.write("there you are")
    ben.expect_line("there you are", mine=False)
    ana.page.keyboard.press("Escape")  # out of the field
    ana.page.keyboard.press("n")
    ana.shot("in-call")

    ana.press_go()
    expect_told(ana, "You hung up")
    expect_told(ben, "hung up")
    expect(ana.page.get_by_test_id("go")).to_have_text("Back to start")

    ben.press_go()  # Call again
    ana.expect_phase("incoming")
    ana.press_stop()
    expect_told(ben, "They declined")
    ana.expect_phase("start")


def test_a_search_waits_for_the_answer_and_goes_on(invite: Invite) -> None:
    """Who searches is called; a no leads back to the search, which finds whoever comes next."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.open(TEXT)
    link = link_of(ana)
    ana.press_go()
    ana.expect_phase("searching")

    ring_up(ben, link, TEXT)
    ana.expect_phase("incoming")
    ana.page.keyboard.press("d")
    ana.expect_phase("searching")
    expect(ana.page.get_by_test_id("call-news")).to_contain_text("declined")

    expect_told(ben, "They declined")
    ben.press_stop()  # Back
    ben.press_go()
    for person in (ana, ben):
        person.expect_phase("talking")
    expect(ana.page.get_by_test_id("call-news")).to_have_count(0)


def test_a_link_that_was_renewed_rings_nobody(invite: Invite) -> None:
    """The old one is told to be no one's; the new one calls, and the caller thinks better of it."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.open(TEXT)
    old = link_of(ana)
    ana.press_stop()
    for test_id in ("new-link", "new-link-sure"):
        ana.page.get_by_test_id(test_id).click()
    expect(ana.page.get_by_test_id("my-link")).not_to_have_value(old)
    new = ana.page.get_by_test_id("my-link").input_value()
    ana.page.keyboard.press("Escape")

    ben.open(TEXT + "#" + old.partition("#")[2])
    ben.press_go()
    expect_told(ben, "This link rings nobody")
    ben.page.evaluate("hash => { location.hash = hash }", new.partition("#")[2])
    expect(ben.page.get_by_test_id("go")).to_have_text("Call")
    ben.press_go()
    ana.expect_phase("incoming")
    ben.press_stop()
    expect_told(ben, "You stopped calling")
    expect(ana.page.get_by_test_id("call-news")).to_contain_text("hung up before you answered")


def test_a_call_that_nobody_answers_is_missed(browsers: Browsers, tmp_path: Path) -> None:
    """It rings for as long as the server says; then both are told, and the caller may call again."""
    server = Dev(tmp_path, variables={"DUOLOGUE_CALLS__RING_MS": "1500"})
    with inviting(server, browsers) as invite:
        ana, ben = invite("ana", RED), invite("ben", BLUE)
        ana.open(TEXT)
        ring_up(ben, link_of(ana), TEXT)
        ana.expect_phase("incoming")

        expect_told(ben, "No answer")
        expect(ana.page.get_by_test_id("call-news")).to_contain_text("You missed a call")
        expect(ben.page.get_by_test_id("go")).to_have_text("Call again")
        ana.page.get_by_test_id("read").click()
        expect(ana.page.get_by_test_id("call-news")).to_have_count(0)
    assert server.stop() == 0, server.log()


def test_a_tab_that_stands_by_rings_and_may_answer(invite: Invite) -> None:
    """The same person in two tabs: both ring, the one that was put aside answers, and the other one says so."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.open(TEXT)
    link = link_of(ana)
    with ana.context.expect_page() as opened:
        ana.page.evaluate("() => void window.open(location.href)")  # takes the tab's memory along
    other = opened.value
    expect(ana.page.get_by_test_id("refused").first).to_have_text("Open in another place")

    ring_up(ben, link, TEXT)
    ana.expect_phase("incoming")
    expect(other.locator("main")).to_have_attribute("data-phase", "incoming")
    ana.press_go()
    for person in (ana, ben):
        person.expect_phase("talking")
    expect(other.get_by_test_id("call-news")).to_contain_text("in another place")
    expect(other.get_by_test_id("refused").first).to_be_visible()
