"""What there is to see, of what processes told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from duologue.metrics.exposition import expose
from duologue.metrics.scrape import parse
from duologue.top.read import Answer, Look, view
from duologue.top.view import Level, Process, View

GATEWAY = """\
duologue_build_info{{name="gateway-1",roles="gateway",version="0.1.0"}} 1
duologue_ready 1
duologue_people{{doing="talking"}} 8
duologue_people{{doing="waiting"}} 3
duologue_sockets 11
duologue_sockets_most 20000
duologue_store_info{{kind="redis"}} 1
duologue_store_silent_seconds 0.4
duologue_commands_total{{answer="ok",command="next"}} {nexts}
duologue_commands_total{{answer="rate_limited",command="next"}} 100
process_start_time_seconds {born}
process_resident_memory_bytes 1.5e8
process_cpu_seconds_total {cpu}
duologue_loop_lag_seconds_bucket{{le="0.01"}} {beats}
duologue_loop_lag_seconds_bucket{{le="+Inf"}} {beats}
"""
QUEUE = 'duologue_queue_people{cohort="a"}'
MATCHER = """\
duologue_build_info{name="matcher-1",roles="matcher",version="0.1.0"} 1
duologue_ready 1
duologue_queue_people{cohort="a:text"} 3
duologue_queue_people{cohort="a:video"} 1
duologue_held_matches{cohort="a:video"} 2
duologue_shard_lag_seconds{cohort="a:text"} 0.3
duologue_store_info{kind="redis"} 1
duologue_media_node_up{node="fra-1"} 1
duologue_media_node_up{node="fra-2"} 1
duologue_media_node_slots_per_second{node="fra-1"} 60
"""


def gateway(nexts: int = 0, cpu: float = 0, beats: int = 0, born: float = 0, more: str = "") -> str:
    return GATEWAY.format(nexts=nexts, cpu=cpu, beats=beats, born=born) + more


def look(at_s: float, **told: str) -> Look:
    """What each process told at that moment; what begins with a `!` is why it did not."""
    answers = [
        Answer(f"{name}:1", name, "", None, text[1:])
        if text.startswith("!")
        else Answer(f"{name}:1", name, "", parse(text))
        for name, text in told.items()
    ]
    return Look(at_s, 1_000 + at_s, answers)


def seen(before: str, now: str, over_s: float = 10) -> View:
    """One process, twice."""
    return view(look(0, g=before), look(over_s, g=now))


def only(seen_: View) -> Process:
    (process,) = seen_.processes
    return process


def test_rates_are_of_the_time_between_two_looks() -> None:
    """Only of what was granted."""
    found = seen(gateway(nexts=100, cpu=3), gateway(nexts=130, cpu=8, beats=100))

    assert found.people.nexts_per_s == 3
    assert only(found).cpu == 0.5
    assert only(found).loop_lag_p99_s == pytest.approx(0.0099)
    assert (only(found).sockets, only(found).people, only(found).up_s) == (11, 11, 1_010)
    assert found.worst is Level.OK


def test_a_pair_is_two_who_talk() -> None:
    """On whichever gateway each of them is."""
    now = look(1, a=gateway(), b=gateway())

    assert view(look(0), now).people.pairs_talking == 8


def test_the_longest_silence_counts() -> None:
    """Silences of several processes are not added up."""
    found = view(look(0), look(1, a=gateway(), b=gateway().replace("seconds 0.4", "seconds 0.7")))

    assert found.store.silent_s == 0.7


def test_a_process_that_began_anew_counts_from_zero() -> None:
    """Its rates are not negative."""
    assert seen(gateway(nexts=100), gateway(nexts=20)).people.nexts_per_s == 2


def test_a_process_that_is_younger_than_the_first_look_counts_as_a_whole() -> None:
    """All that it ever did, it did meanwhile; of an older one that was not asked, nothing is known."""
    young, old = gateway(nexts=50, born=1_002), gateway(nexts=50, born=900)

    assert view(look(0), look(10, g=young)).people.nexts_per_s == 5
    assert view(look(0), look(10, g=old)).people.nexts_per_s is None


def test_what_nobody_tells_yet_is_not_known() -> None:
    """A matcher has no sockets; a gateway no queue."""
    matcher, gateways = seen(MATCHER, MATCHER), seen(gateway(), gateway())

    assert (only(matcher).sockets, matcher.people.pairs_talking, matcher.media.match.p99_s) == (None, None, None)
    assert (gateways.queue, gateways.media.nodes) == ([], [])


def test_what_is_wrong_is_sorted_first() -> None:
    """In each table: the cohort with matches that wait comes before the one with more people."""
    down = MATCHER.replace('up{node="fra-2"} 1', 'up{node="fra-2"} 0')
    found = seen(down, down)

    assert [each.cohort for each in found.queue] == ["a:video", "a:text"]
    assert [each.node for each in found.media.nodes] == ["fra-2", "fra-1"]
    assert [each.level for each in found.problems] == [Level.PROBLEM, Level.WARNING]
    assert "fra-2" in found.problems[0].text


def test_a_process_that_cannot_be_reached_is_named_with_why() -> None:
    """The others are shown all the same."""
    now = look(1, up=gateway(), gone="!connection refused")
    found = view(look(0, up=gateway(), gone=gateway()), now)

    assert [each.name for each in found.processes] == ["gone", "gateway-1"]
    assert found.processes[0].failure == "connection refused"
    assert [each.text for each in found.problems] == ["gone: does not tell at gone:1 how it is: connection refused"]
    assert found.people.doing["talking"] == 8


def test_nobody_at_all_is_the_first_problem() -> None:
    """Zeros everywhere would look like a quiet night."""
    found = view(look(0, g=gateway()), look(1, g="!no answer"))

    assert found.problems[0].text.startswith("no process answers")
    assert found.people.pairs_talking is None


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({"duologue_ready 1": "duologue_ready 0"}, Level.PROBLEM, "not ready"),
        ({"silent_seconds 0.4": "silent_seconds 4"}, Level.WARNING, "silent for 4 s"),
        ({"silent_seconds 0.4": "silent_seconds 40"}, Level.PROBLEM, "silent for 40 s"),
        ({"sockets 11": "sockets 19000"}, Level.WARNING, "19000 of 20000 sockets"),
        ({"": 'duologue_paused_people{why="media_down"} 3\n'}, Level.PROBLEM, "3 media_down"),
        ({"": "duologue_outbox_age_seconds 9\n"}, Level.WARNING, "no news from the store for 9 s"),
        ({"": 'duologue_defects_total{where="task"} 1\n'}, Level.PROBLEM, "1 defect"),
        ({"": 'duologue_bounds_hit_total{bound="news"} 2\n'}, Level.WARNING, "full: 2 news"),
        ({"": 'duologue_store_errors_total{kind="Unavailable"} 2\n'}, Level.WARNING, "2 Unavailable"),
        ({"": "duologue_database_errors_total 2\n"}, Level.WARNING, "database of blocks failed 2 times"),
        ({"": 'duologue_store_info{kind="memory"} 1\n'}, Level.PROBLEM, "different stores: memory, redis"),
        ({"": 'duologue_media_call_errors_total{call="create"} 2\n'}, Level.WARNING, "2 requests to media servers"),
        (
            {"": 'duologue_shard_lag_seconds{cohort="a"} 5\nduologue_queue_people{cohort="a"} 1\n'},
            Level.WARNING,
            "queue",
        ),
        (
            {"": 'duologue_match_seconds_bucket{le="5.0"} 0\nduologue_match_seconds_bucket{le="10.0"} 9\n'},
            Level.PROBLEM,
            "two who fit waited too long: p99 is 9.9 s",
        ),
        (
            {
                "": 'duologue_media_failures_total{cause="ice"} 2\n'
                'duologue_pairs_ended_total{mode="video",phase="matched",reason="next"} 10\n'
            },
            Level.WARNING,
            "media that failed: 2 ice",
        ),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, str], level: Level, text: str) -> None:
    """Each of it; and it counts for the whole."""
    now = gateway()
    for old, new in changes.items():
        now = now.replace(old, new) if old else now + new
    found = seen(gateway(), now)

    assert [(each.level, text in each.text) for each in found.problems] == [(level, True)]
    assert found.worst is level


def test_versions_that_differ_are_a_warning() -> None:
    """An upgrade that stopped in the middle."""
    old = gateway().replace("0.1.0", "0.0.9")
    found = view(look(0), look(1, a=gateway(), b=old))

    assert [each.text for each in found.problems] == ["processes of different versions: 0.0.9, 0.1.0"]


def test_an_old_defect_is_no_news() -> None:
    """It was a problem when it happened; the number stays to be seen."""
    more = 'duologue_defects_total{where="task"} 3\n'
    found = seen(gateway(more=more), gateway(more=more))

    assert (found.problems, only(found).defects, only(found).defects_ever) == ([], 0, 3)


def test_each_metric_that_is_shown_exists() -> None:
    """By its name in the definitions; a new name there must not leave a dash here."""
    source = (Path(__file__).parents[2] / "src/duologue/top/read.py").read_text()
    named = set(re.findall(r'"(duologue_\w+)"', source))
    exist = set(re.findall(r"^# TYPE (duologue_\w+)", expose().decode(), re.MULTILINE))
    told = {name for each in exist for name in (each, f"{each}_count", f"{each}_bucket")}

    assert len(named) > 25
    assert named <= told


def test_real_exposition_is_read() -> None:
    """Of this very process, whatever ran in it before: memory and time go on."""
    found = view(look(0), look(1, x=expose().decode()))

    assert (only(found).memory_bytes or 0) > 2**20
    assert (only(found).up_s or 0) < 0, "this look was long before its birth"
