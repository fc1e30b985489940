"""Two strangers on real video, with one command: the main job, end to end."""

from __future__ import annotations

import asyncio

from livekit import rtc
from playwright.sync_api import expect

from duologue.ids import PairId
from tests.e2e.camera import BLUE, GREEN, RED
from tests.e2e.conftest import Invite
from tests.e2e.person import meet, see_each_other
from tests.e2e.rooms import elsewhere, until_gone
from tests.e2e.servers import Server


def test_two_strangers_see_hear_and_write_to_each_other(invite: Invite) -> None:
    """They never met, press one button each, and talk."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet(ana, ben)

    ana.write("hello from red")
    ben.expect_line("hello from red", mine=False)
    ben.write("blue says hi")
    ana.expect_line("blue says hi", mine=False)
    ana.shot("talking")


def test_next_moves_on_to_a_third_person(invite: Invite) -> None:
    """Next meets somebody else; the one left behind searches again by themselves, and finds the next who comes."""
    ana, ben, cleo = invite("ana", RED), invite("ben", BLUE), invite("cleo", GREEN)
    meet(ana, ben)
    cleo.open()
    cleo.press_go()
    cleo.expect_phase("searching")

    ana.press_go()
    see_each_other(ana, cleo)
    ben.expect_phase("searching")
    ben.shot("searching")

    cleo.press_go()
    see_each_other(ben, cleo)


def test_a_room_is_gone_after_its_pair(invite: Invite, server: Server) -> None:
    """Who kept the token of a talk that is over gets nowhere with it."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet(ana, ben)
    matched = ana.last_matched()

    ana.press_stop()
    ana.expect_phase("start")
    ben.expect_phase("ended")

    elsewhere(until_gone(server, PairId(matched["pair"])))
    assert elsewhere(turned_away(matched["media"]))


async def turned_away(media: dict[str, str]) -> bool:
    """Whether LiveKit refuses this token."""
    room = rtc.Room()
    async with asyncio.timeout(30):
        try:
            await room.connect(media["url"], media["token"])
        except rtc.ConnectError:
            return True
        await room.disconnect()
    return False


def test_a_reload_resumes_the_same_talk(invite: Invite) -> None:
    """Reloading the page brings the same partner back, with what was written."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet(ana, ben)
    alias = ana.page.get_by_test_id("peer-alias").first.inner_text()
    ana.write("before the reload")
    ben.expect_line("before the reload", mine=False)

    ana.page.reload()

    see_each_other(ana, ben)
    assert ana.page.get_by_test_id("peer-alias").first.inner_text() == alias
    ana.expect_line("before the reload", mine=True)


def test_a_person_alone_is_told_the_truth(invite: Invite) -> None:
    """One person waits: the page says so, and Cancel ends it."""
    ana = invite("ana", RED)
    ana.open()
    ana.press_go()
    ana.expect_phase("searching")

    expect(ana.page.get_by_text("Nobody else waits here right now")).to_be_visible()
    ana.shot("alone")
    ana.press_stop()
    ana.expect_phase("start")


def test_mute_and_camera_off_reach_the_partner(invite: Invite) -> None:
    """Switching the microphone and the camera off and on works in the middle of a talk."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet(ana, ben)

    ana.page.get_by_test_id("mute-mic").click()
    ana.page.get_by_test_id("mute-camera").click()
    expect(ana.page.get_by_test_id("mute-mic")).to_have_attribute("aria-pressed", "true")

    ana.page.get_by_test_id("mute-mic").click()
    ana.page.get_by_test_id("mute-camera").click()
    see_each_other(ana, ben)
