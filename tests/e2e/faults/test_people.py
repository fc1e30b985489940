"""What people do at the worst moment, and what befalls a page: both are told, and in the end they talk."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from duologue.media.livekit import TOKEN_TTL_S
from tests.e2e.faults.matrix import CASES, Case, Fault
from tests.e2e.faults.notices import expect_told
from tests.e2e.faults.running import Recovered, each
from tests.e2e.faults.scene import RelayedScene, until_online
from tests.e2e.person import see_each_other

pytestmark = pytest.mark.timeout(180)
NEXT_20_TIMES = """
async () => {
  for (let n = 0; n < 20; n++) {
    duologue.session.next();
    await new Promise(done => setTimeout(done, 50));
  }
}
"""
SHOW_AS = """
value => {
  Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => value});
  document.dispatchEvent(new Event('visibilitychange'));
}
"""
THROTTLE = """
() => {
  const after = window.setTimeout, began = performance.now(), minute = 60_000;
  const aligned = delay => minute - ((performance.now() - began + delay) % minute) + delay;
  window.setTimeout = (run, delay = 0, ...given) => after(run, document.hidden ? aligned(delay) : delay, ...given);
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => document.visibilityState === 'hidden'});
}
"""
LATER = "at => void setTimeout(() => duologue.session.next(), at - performance.timeOrigin - performance.now())"
FAST_MS = 600_000


def spend_resume(two: RelayedScene) -> None:
    """What she kept to resume by is worth nothing."""
    two.ana.page.evaluate("() => sessionStorage.setItem('duologue.resume', 'spent')")
    two.signal.cut()


def cut_media_later(two: RelayedScene) -> None:
    """When the tokens that they joined with are not good any more."""
    two.ana.page.wait_for_timeout((TOKEN_TTL_S + 5) * 1_000)
    two.media.cut()


def freeze(two: RelayedScene) -> None:
    """Nothing of her page runs for a while."""
    two.ana.page.evaluate("() => { const start = performance.now(); while (performance.now() - start < 10_000); }")


def hide(two: RelayedScene) -> None:
    """As a browser does to a page that nobody has looked at for minutes."""
    two.ana.page.evaluate(THROTTLE)
    two.ana.page.evaluate(SHOW_AS, "hidden")
    two.ben.until(lambda: two.ben.page.evaluate("() => duologue.session.state.pair.peerHidden"), "ben knows")
    two.ana.page.wait_for_timeout(70_000)
    two.ana.page.evaluate(SHOW_AS, "visible")


def stop_and_search(two: RelayedScene) -> None:
    """She stops, and begins anew."""
    two.ana.press_stop()
    two.ana.expect_phase("start")
    two.ana.press_go()


def vanish(two: RelayedScene) -> None:
    """She is gone until Ben was told."""
    two.ana.page.goto("about:blank")
    two.heal()  # so that it is not Ben's media that fail first
    two.ben.expect_phase("searching")
    two.ana.page.goto("/?lang=en&mode=video")
    until_online(two.ana)
    if two.ana.phase.get_attribute("data-phase") == "start":
        two.ana.press_go()


def both_next(two: RelayedScene) -> None:
    """In the same millisecond, as far as two browsers have one."""
    at = (time.time() + 0.5) * 1_000
    for person in two.people:
        person.page.evaluate(LATER, at)


def go_back(two: RelayedScene) -> None:
    """She moves on, and both think better of it."""
    two.ana.press_go()
    for person in (two.ben, two.ana):
        person.page.get_by_test_id("back").click()


STRIKES: dict[Fault, Callable[[RelayedScene], object]] = {
    Fault.LIVEKIT_CUT: lambda two: two.media.cut(),
    Fault.RESUME_SPENT: spend_resume,
    Fault.MEDIA_TOKEN_CUT: cut_media_later,
    Fault.FROZEN: freeze,
    Fault.HIDDEN: hide,
    Fault.NEXT: lambda two: two.ana.press_go(),
    Fault.STOP: stop_and_search,
    Fault.VANISH: vanish,
    Fault.BOTH_NEXT: both_next,
    Fault.NEXT_20: lambda two: two.ana.page.evaluate(NEXT_20_TIMES),
    Fault.BACK: go_back,
}


@each(*STRIKES)
def test_whatever_befell_them_they_talk_in_the_end(two: RelayedScene, case: Case, recovered: Recovered) -> None:
    """Both are told what is the matter and nothing else; one pair is formed at most, and nothing is left."""
    pair = two.arrive(case.state)
    matches = two.ana.matches()
    since = time.time()
    STRIKES[case.fault](two)
    over = time.time()
    two.heal()
    two.ana.until(lambda: (two.ana.last_matched()["pair"] != pair) is case.new_talk, "they are where they should be")
    see_each_other(*two.people)
    recovered(case, time.time() - over)

    two.write_to_each_other()
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)
    assert two.ana.matches() - matches == case.new_talk


def the(fault: Fault) -> Case:
    """The only case of it."""
    (case,) = [case for case in CASES if case.fault is fault]
    return case


def test_a_second_tab_takes_the_talk_over_and_gives_it_back(two: RelayedScene, recovered: Recovered) -> None:
    """A copy of the tab is the same person: it has the talk, picture and all, until the first one wants it back."""
    case = the(Fault.SECOND_TAB)
    two.arrive(case.state)
    since = time.time()
    with two.ana.context.expect_page() as opened:
        two.ana.page.evaluate("() => void window.open(location.href)")  # takes the tab's memory along
    second = opened.value
    second.locator("main[data-phase=talking]").wait_for()
    two.ana.page.get_by_test_id("refused").first.wait_for()
    two.ben.sees(two.ana)
    back = time.time()
    two.ana.press_go()
    second.get_by_test_id("refused").first.wait_for()
    see_each_other(*two.people)
    recovered(case, time.time() - back)
    second.close()
    two.write_to_each_other()
    expect_told(two.ben, case.ben, since=since)


def test_a_page_from_the_cache_of_the_browser_goes_on(two: RelayedScene, recovered: Recovered) -> None:
    """She left it while she searched; it is the very page, and it connects anew and searches on."""
    case = the(Fault.CACHED)
    two.arrive(case.state)
    two.ana.page.evaluate("() => { window.kept = true }")
    since = time.time()
    two.ana.page.goto("/config.json")
    back = time.time()
    two.ana.page.go_back(wait_until="commit")
    until_online(two.ana)
    assert two.ana.page.evaluate("() => window.kept") is True
    recovered(case, time.time() - back)

    two.prove(case.state)
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)


def test_a_wrong_clock_changes_no_countdown(two: RelayedScene, recovered: Recovered) -> None:
    """Hers is ten minutes fast: she is told of Ben's seat, and how long they talk, as if it were not."""
    case = the(Fault.SKEW)
    two.arrive(case.state, f"&skew={FAST_MS}")
    since = time.time()
    assert two.ana.page.evaluate("() => Date.now() - performance.timeOrigin - performance.now()") > FAST_MS - 1_000
    two.signal_of_ben.refuse()
    two.ana.until(lambda: two.ana.told("peer-away", since=since), "ana is told")
    two.signal_of_ben.heal()
    over = time.time()
    until_online(two.ben)
    see_each_other(*two.people)
    recovered(case, time.time() - over)

    talked_ms = two.ana.page.evaluate("() => Date.now() - duologue.session.state.pair.talkingSince")
    assert 0 <= talked_ms < 60_000
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)
