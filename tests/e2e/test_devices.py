"""A camera that is busy or goes away, and a browser that holds sound back, in real Chromium."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import Invite
from tests.e2e.person import WITHIN_MS, meet, see_each_other


def test_a_busy_camera_is_named_and_taken_when_it_is_free(invite: Invite) -> None:
    """It is there and does not start: the page says what to do, and Try again leads into a talk with a picture."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    ana.occupy_camera()
    ana.open()
    ana.press_go()
    trouble = ana.page.get_by_test_id("device-trouble").first
    expect(trouble).to_have_attribute("data-problem", "busy")
    expect(trouble).to_contain_text("Another program uses your camera")
    ana.shot("camera-busy")

    ana.release_camera()
    ana.press_go()
    ben.open()
    ben.press_go()
    see_each_other(ana, ben)


def test_an_unplugged_camera_costs_the_picture_and_no_more(invite: Invite) -> None:
    """Both are told, sound and text go on, and the picture comes back with the camera."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet(ana, ben)

    ana.camera.unplug()
    lost = ana.page.get_by_test_id("device-lost")
    expect(lost).to_have_attribute("data-problem", "unplugged")
    expect(lost).to_contain_text("We lost your camera")
    expect(ben.page.get_by_test_id("no-picture")).to_contain_text("No picture of")
    ana.shot("camera-unplugged")
    ben.shot("camera-unplugged-partner")
    ben.hears_something()
    ana.sees(ben)
    ana.write("my camera fell down")
    ben.expect_line("my camera fell down", mine=False)

    ana.plug_camera_in()
    expect(lost).to_have_count(0, timeout=WITHIN_MS)
    see_each_other(ana, ben)
    assert [person.matches() for person in (ana, ben)] == [1, 1]


def test_sound_that_the_browser_holds_back_is_one_press_away(invite: Invite) -> None:
    """Who waited long for a partner pressed nothing lately: the page says that the sound is held, and has a button."""
    ana, ben = invite("ana", RED, "held"), invite("ben", BLUE)
    ana.open()
    ana.press_go()
    ana.until_press_is_forgotten()

    ben.open()
    ben.press_go()
    ana.expect_without_pressing("sound-blocked")
    ana.shot("sound-blocked")
    ana.page.get_by_test_id("sound-on").click()

    see_each_other(ana, ben)
    expect(ana.page.get_by_test_id("sound-blocked")).to_have_count(0)
