"""What only a browser shows of the page: devices that cannot be had, keys, blocks, and its readers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.camera import BLUE, GREEN, RED
from tests.e2e.conftest import Invite
from tests.e2e.person import WITHIN_MS, Person

TEXT = "?lang=en&mode=text"
SHOW_AS = """
value => {
  Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => value});
  document.dispatchEvent(new Event('visibilitychange'));
}
"""


def talk_in_text(*people: Person) -> None:
    """They search for words only, and meet."""
    for person in people:
        person.open(TEXT)
        person.press_go()
    for person in people:
        person.expect_phase("talking")


def blocked_people(person: Person) -> Locator:
    """The list that they open in the settings."""
    person.page.get_by_role("button", name="Settings").click()
    person.page.get_by_test_id("blocked-people").click()
    return person.page.get_by_role("dialog", name="Blocked people")


@pytest.mark.timeout(300)
def test_every_state_can_be_read_and_pressed() -> None:
    """In no state of the page does axe find a violation, a button moves, or words overflow."""
    tool = [sys.executable, "web/tools/screenshots.py", "--daily", "--no-pictures"]
    done = subprocess.run(tool, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("trouble", ["denied", "missing"])
def test_without_devices_the_page_says_why_and_text_goes_on(invite: Invite, trouble: str) -> None:
    """The reason is named, and one button leads into a talk in text."""
    ana, ben = invite("ana", RED, trouble), invite("ben", BLUE)
    ana.open("?lang=en&mode=video")
    ana.press_go()

    expect(ana.page.get_by_test_id("device-trouble").first).to_have_attribute("data-problem", trouble)
    ana.shot(f"devices-{trouble}")

    ana.press_stop()
    ana.expect_phase("searching")
    ben.open(TEXT)
    ben.press_go()
    ana.expect_phase("talking")
    ana.write("words will do")
    ben.expect_line("words will do", mine=False)


def test_a_partner_who_looks_elsewhere_is_marked(invite: Invite) -> None:
    """Whose page is hidden is shown so to the other, until they are back."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    talk_in_text(ana, ben)
    elsewhere = ben.page.get_by_text("is on another page")

    ana.page.evaluate(SHOW_AS, "hidden")
    expect(elsewhere).to_be_visible()

    ana.page.evaluate(SHOW_AS, "visible")
    expect(elsewhere).to_be_hidden()


def test_lines_are_marked_on_a_phone_until_the_chat_is_opened(invite: Invite) -> None:
    """A dot on the field, or on the button that lays the chat over the picture of a phone on its side."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.page.set_viewport_size({"width": 390, "height": 844})
    for person in (ana, ben):
        person.open("?lang=en&mode=voice")
        person.press_go()
    for person in (ana, ben):
        person.expect_phase("talking")
    dot, field = ana.page.get_by_test_id("unread"), ana.page.get_by_test_id("chat-input")
    expect(dot).to_have_count(0)
    ben.write("are you there?")
    expect(dot).to_be_visible()
    field.focus()
    expect(dot).to_have_count(0)
    field.blur()

    ana.page.set_viewport_size({"width": 844, "height": 390})
    expect(field).to_be_hidden()
    ben.write("and now?")
    ana.page.get_by_role("button", name="Chat, new messages").click()
    expect(field).to_be_visible()
    expect(ana.page.get_by_role("button", name="Chat", exact=True)).to_have_attribute("aria-expanded", "true")


def test_who_is_blocked_is_never_met_again(invite: Invite) -> None:
    """Both search again, so widely that only the block keeps them apart; somebody else meets one of them."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    talk_in_text(ana, ben)
    ana.block()
    for person in (ana, ben):
        person.expect_phase("ended")
    expect(ana.page.get_by_test_id("block")).to_contain_text("is blocked")
    expect(ben.page.get_by_test_id("ended-line").first).to_contain_text("left")

    ana.press_go()
    ben.press_go()
    for person in (ana, ben):
        expect(person.page.get_by_text("Also people you met lately")).to_be_visible(timeout=WITHIN_MS)
        expect(person.page.get_by_test_id("waiting-count")).to_have_text("1", timeout=WITHIN_MS)

    cleo = invite("cleo", GREEN)
    cleo.open(TEXT)
    cleo.press_go()
    cleo.expect_phase("talking")
    phases = sorted(str(person.phase.get_attribute("data-phase")) for person in (ana, ben))
    assert phases == ["searching", "talking"]


def test_a_block_is_taken_back(invite: Invite) -> None:
    """Who was blocked stands in a list and goes from it by one press; the server knows of no block any more, either."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    talk_in_text(ana, ben)
    alias, me = ana.last_matched()["peer"]["alias"], ana.id
    ana.block()
    ana.expect_phase("ended")
    listed = blocked_people(ana)
    expect(listed.get_by_test_id("blocked-person")).to_contain_text(alias)

    listed.get_by_role("button", name=f"Unblock {alias}").press("Enter")
    expect(listed.get_by_test_id("blocked-nobody")).to_be_visible()
    expect(listed.get_by_role("status")).to_have_text(f"{alias} is not blocked any more.")
    expect(listed.get_by_test_id("blocked-person")).to_have_count(0)

    ana.page.reload()
    expect(blocked_people(ana).get_by_test_id("blocked-nobody")).to_be_visible()
    assert ana.id == me


def test_two_go_back_to_each_other(invite: Invite) -> None:
    """Who pressed Next and who was left both press the same button, and talk on."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    talk_in_text(ana, ben)
    ana.press_go()
    ben.page.get_by_test_id("back").click()
    expect(ana.page.get_by_text("would like to go back")).to_be_visible()
    ana.page.get_by_test_id("back").click()
    for person in (ana, ben):
        person.expect_phase("talking")
        expect(person.page.get_by_test_id("back")).to_have_count(0)
    ana.write("there you are")
    expect(ben.page.get_by_text("there you are")).to_be_visible()


def test_a_partner_can_be_reported(invite: Invite) -> None:
    """From where one blocks: the talk is over for both, and the other one reads that they left."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    talk_in_text(ana, ben)
    for test_id in ("more", "block"):
        ana.page.get_by_test_id(test_id).click()
    ana.page.get_by_test_id("report-reason").select_option("spam")
    ana.page.get_by_test_id("report-text").fill("sells things")
    ana.page.get_by_test_id("block-sure").click()
    for person in (ana, ben):
        person.expect_phase("ended")
    expect(ana.page.get_by_test_id("block")).to_contain_text("is blocked")
    expect(ana.page.get_by_test_id("notice")).to_have_count(0)
    expect(ben.page.get_by_test_id("ended-line").first).to_contain_text("left")
    expect(ben.page.get_by_test_id("back")).to_have_count(0)


def test_the_whole_way_by_keys(invite: Invite) -> None:
    """From the tick to a talk, a line, a block and the way out, without a pointer."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ben.open(TEXT)
    ben.press_go()
    page, keys = ana.page, ana.page.keyboard
    page.goto("/" + TEXT)
    expect(page.get_by_test_id("go")).to_be_focused()

    ana.tab_to("agree")
    keys.press("Space")
    ana.tab_to("go")
    keys.press("Enter")
    ana.expect_phase("talking")
    expect(page.get_by_test_id("go")).to_be_focused()

    ana.tab_to("chat-input")
    keys.type("no mouse here")
    keys.press("Enter")
    ben.expect_line("no mouse here", mine=False)
    keys.press("Escape")

    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    ana.tab_to("more")
    keys.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    keys.press("End")
    expect(page.get_by_test_id("block")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("alertdialog").locator(":focus")).to_have_count(1)
    ana.tab_to("block-sure")
    keys.press("Enter")
    ana.expect_phase("ended")
    keys.press("Escape")
    keys.press("Escape")
    ana.expect_phase("start")
