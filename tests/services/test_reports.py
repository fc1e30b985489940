"""Reports: who reports gets away in any case, and the operator hears of it once it can be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duologue.errors import OutcomeUnknown, Unavailable
from duologue.ids import PairId, RequestId
from duologue.ledger import Caller, Outcome, PairEnded
from duologue.protocol.codes import EndReason
from duologue.safety.report import Complaint, Evidence, ReportTerms
from duologue.services.reports import DAY_MS, Reports, Said
from tests.builders import ANA, BEN, CLEO
from tests.contract.stores import PAIR
from tests.services.test_blocks import House

TERMS = ReportTerms(("spam", "other"))
SPAM = Said(PAIR, "spam", "sells things")


class Station(House):
    """A house where people report."""

    def open_gateway(self) -> None:
        super().open_gateway()
        self.terms(TERMS)

    def terms(self, terms: ReportTerms) -> None:
        """What the operator decided."""
        self.reports = Reports(self.ledger, self.safety, self.blocks, terms, self.clock)

    async def report(self, caller: Caller, said: Said = SPAM) -> Outcome:
        return await self.reports.report(caller, "acme", said)

    async def kept(self) -> list[Complaint]:
        """What the operator can read, the oldest first."""
        return [report.complaint for report in await self.safety.store.reports(0, 100)][::-1]

    async def chatting(self) -> tuple[Caller, Caller]:
        """Two who talk, and wrote."""
        ana, ben = await self.talking()
        await self.store.write(ben, PAIR, 1, "buy!")
        await self.store.write(ana, PAIR, 1, "no")
        return ana, ben

    async def never_meet(self) -> bool:
        """Whether the ledger keeps Ana and Ben apart, also without their old tickets."""
        for person in (ANA, BEN):
            await self.waiting(person, attempt=9)
        return not await self.are_matched()


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    station = Station()
    yield station
    await station.tasks.cancel_all()


async def test_a_store_that_was_not_told_of_the_talk_keeps_no_report_yet(station: Station) -> None:
    """It is asked again once their gateway has spoken: to refuse it would lose it."""
    ana, _ = await station.chatting()
    await station.forget_while("block", ana)

    assert await station.report(ana) is Outcome.GONE
    await station.ledger.before["block"]()
    assert await station.report(ana) is Outcome.DONE
    assert len(await station.kept()) == 1


async def test_a_report_is_kept_with_what_was_written(station: Station) -> None:
    """Who, whom, why, and the last lines of both."""
    ana, _ = await station.chatting()
    now_ms = station.clock.now_ms()

    assert await station.report(ana) is Outcome.DONE
    (complaint,) = await station.kept()
    assert (complaint.reporter, complaint.reported, complaint.alias) == (ANA, BEN, "Otter")
    assert (complaint.tenant, complaint.pair, complaint.mode) == ("acme", PAIR, "text")
    assert (complaint.reason, complaint.text) == ("spam", "sells things")
    assert complaint.lines == (Evidence(mine=False, text="buy!", at_ms=now_ms), Evidence(True, "no", now_ms))


async def test_who_reports_gets_away(station: Station) -> None:
    """The pair is over, and they never meet again. The other one hears what they would hear of anybody who left."""
    ana, ben = await station.chatting()
    await station.news(ben)
    await station.report(ana)
    (ended,) = [news for news in await station.news(ben) if isinstance(news, PairEnded)]

    assert (ended.reason, ended.by) == (EndReason.LEFT, "peer")
    assert await station.store.live_pairs([PAIR]) == []
    assert len(await station.blocks.list(ANA)) == 1
    assert await station.never_meet()


async def test_the_last_partner_can_be_reported_too(station: Station) -> None:
    """With what was written, though the pair is over; and the search that followed goes on."""
    ana, ben = await station.chatting()
    await station.store.next(ana, PAIR, 2, None)
    assert await station.report(ben) is Outcome.DONE

    (complaint,) = await station.kept()
    assert (complaint.reporter, complaint.reported) == (BEN, ANA)
    assert [(line.mine, line.text) for line in complaint.lines] == [(True, "buy!"), (False, "no")]
    assert set(await station.queue()) == {ANA, BEN}


@pytest.mark.parametrize("pair", ["somebody-elses", ""])
async def test_nobody_else_can_be_reported(station: Station, pair: str) -> None:
    """Refused, so that nobody believes that it was kept; and nothing happened."""
    ana, _ = await station.paired()

    assert await station.report(ana, SPAM._replace(pair=PairId(pair))) is Outcome.REFUSED
    assert await station.kept() == []
    assert await station.store.live_pairs([PAIR]) != []


async def test_a_stranger_reports_nobody(station: Station) -> None:
    """Whoever learns the name of a pair is not in it by that."""
    await station.chatting()
    cleo = await station.here(CLEO)

    assert await station.report(cleo) is Outcome.REFUSED
    assert await station.kept() == []


async def test_a_report_that_cannot_be_kept_lets_them_get_away(station: Station) -> None:
    """At once, and for as long as the ledger remembers; the person is told that the report is not kept yet."""
    ana, _ = await station.chatting()
    station.safety.away = True
    with pytest.raises(Unavailable):
        await station.report(ana)

    assert await station.store.live_pairs([PAIR]) == []
    assert await station.never_meet()


async def test_a_report_that_could_not_be_kept_can_be_repeated(station: Station) -> None:
    """With the same id, though the pair is over, and nothing of it is lost by then."""
    ana, _ = await station.chatting()
    ana = ana._replace(request=RequestId("r1"))
    station.safety.away = True
    with pytest.raises(Unavailable):
        await station.report(ana)
    station.safety.away = False

    assert await station.report(ana) is Outcome.DONE
    (complaint,) = await station.kept()
    assert [line.text for line in complaint.lines] == ["buy!", "no"]
    assert len(await station.blocks.list(ANA)) == 1
    assert await station.report(ana) is Outcome.DONE
    assert len(await station.kept()) == 1


async def test_an_answer_that_was_lost_makes_no_second_report(station: Station) -> None:
    """It is not known whether the database has it: asked again, it has it once."""
    ana, _ = await station.chatting()
    real = station.safety.store

    async def lose_the_answer() -> None:
        await station.reports.report(ana, "acme", SPAM)
        raise OutcomeUnknown("a store of this test")

    station.safety.before["report"] = lose_the_answer
    with pytest.raises(OutcomeUnknown):
        await station.report(ana)

    assert await station.report(ana) is Outcome.DONE
    assert len(await real.reports(0, 10)) == 1


async def test_the_ledger_away_keeps_no_half_of_it(station: Station) -> None:
    """It is not known who is meant: nothing is kept, and it may be repeated."""
    ana, _ = await station.chatting()
    station.ledger.away = True
    with pytest.raises(Unavailable):
        await station.report(ana)

    assert await station.kept() == []
    station.ledger.away = False
    assert await station.report(ana) is Outcome.DONE


async def test_a_superseded_session_reports_nobody(station: Station) -> None:
    """Another one speaks for the person."""
    ana, _ = await station.chatting()
    await station.here(ANA)

    assert await station.report(ana) is Outcome.STALE
    assert await station.kept() == []


async def test_a_reason_that_nobody_offers_is_another_one(station: Station) -> None:
    """An old page keeps nobody with somebody whom they report."""
    ana, _ = await station.paired()
    await station.report(ana, SPAM._replace(reason="made-up"))

    assert [complaint.reason for complaint in await station.kept()] == ["other"]


async def test_an_operator_may_want_no_lines(station: Station) -> None:
    """Then a report has the words of the reporter alone."""
    station.terms(TERMS._replace(keeps_lines=False))
    ana, _ = await station.chatting()
    await station.report(ana)

    assert [(each.text, each.lines) for each in await station.kept()] == [("sells things", ())]


async def test_too_many_reports_are_refused_and_block_all_the_same(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reports everybody gets away, too."""
    monkeypatch.setattr("duologue.store.memory.safety.MAX_REPORTS", 0)
    ana, _ = await station.chatting()

    assert await station.report(ana) is Outcome.REFUSED
    assert await station.store.live_pairs([PAIR]) == []
    assert len(await station.blocks.list(ANA)) == 1


async def test_a_report_is_kept_beyond_the_bound_of_blocks(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator hears of it."""
    for module in ("memory.safety", "ledger.blocking"):
        monkeypatch.setattr(f"duologue.store.{module}.MAX_BLOCKS", 0)
    ana, _ = await station.chatting()

    assert await station.report(ana) is Outcome.DONE
    assert len(await station.kept()) == 1


async def test_reports_are_forgotten_in_time(station: Station) -> None:
    """Not a day earlier; while the database is away, the next time."""
    ana, _ = await station.chatting()
    await station.report(ana)
    for days, left in ((TERMS.keep_days, 1), (1, 0)):
        station.clock.advance(days * DAY_MS)
        station.safety.away = True
        await station.reports.forget_old()
        station.safety.away = False
        await station.reports.forget_old()
        assert len(await station.kept()) == left
