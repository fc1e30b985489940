"""Do the operator's servers take what we would tell them?"""

from __future__ import annotations

from typing import Any

from duologue.doctor.call_webhooks import examine_call_webhooks
from duologue.doctor.finding import Finding, Level
from duologue.doctor.run import Subject
from duologue.settings import CallSettings, Settings
from tests.fakes import CountingRng, ManualClock
from tests.hooks_out.receiver import answers, receiver

SECRET = "whsec_" + "A" * 32


async def findings(*webhooks: dict[str, Any]) -> list[Finding]:
    """With these named."""
    calls = CallSettings.model_validate({"webhooks": [{"name": "push", "secret": SECRET} | each for each in webhooks]})
    return list(await examine_call_webhooks(Subject(Settings(calls=calls), ManualClock(), CountingRng())))


async def test_one_that_answers_is_well() -> None:
    """It gets a ping that tells of no call."""
    async with receiver() as server:
        (finding,) = await findings({"url": server.url})

    assert finding.level is Level.OK
    assert [(each.message.type, each.message.data) for each in server.heard] == [("ping", None)]


async def test_one_that_refuses_is_a_problem() -> None:
    """The text says what it answered."""
    async with receiver(answers(401)) as server:
        (finding,) = await findings({"url": server.url})

    assert (finding.level, finding.what) == (Level.PROBLEM, "push: webhook")
    assert "answers 401" in finding.seen


async def test_a_secret_that_is_none_is_a_problem() -> None:
    """No gateway would start."""
    (finding,) = await findings({"url": "https://push.example.org", "secret": "hello"})

    assert finding.level is Level.PROBLEM
    assert "whsec_" in finding.seen


async def test_without_any_there_is_nothing_to_say() -> None:
    """Most have none."""
    assert await findings() == []
