"""What is wrong, in words, the worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from duologue.top import bounds
from duologue.top.view import Cohort, Level, Media, People, Problem, Process, Spread, Store


def problems(
    people: People, queue: Sequence[Cohort], media: Media, store: Store, processes: Sequence[Process]
) -> list[Problem]:
    """All of it."""
    found = [
        *_about_processes(processes),
        *_about_store(store),
        *_about_people(people, queue),
        *_about_media(media, people),
    ]
    return sorted(found, key=lambda each: each.level.rank)


def _about_processes(processes: Sequence[Process]) -> Iterator[Problem]:
    if all(each.failure is not None for each in processes):
        yield Problem(Level.PROBLEM, "no process answers: all that is below is not known")
    for each in processes:
        for level, text in _about(each):
            yield Problem(level, f"{each.name}: {text}")
    versions = sorted({each.version for each in processes if each.version})
    if len(versions) > 1:
        yield Problem(Level.WARNING, f"processes of different versions: {', '.join(versions)}")


def _about(each: Process) -> Iterator[tuple[Level, str]]:
    if each.failure is not None:
        where = "" if each.address == each.name else f" at {each.address}"
        yield Level.PROBLEM, f"does not tell{where} how it is: {each.failure}"
    if each.ready is False:
        yield Level.PROBLEM, f"not ready; http://{each.address}/health/ready says why"
    if each.defects:
        yield Level.PROBLEM, f"{each.defects:.0f} defects, which its log has"
    if each.bounds_hit:
        yield Level.WARNING, f"full: {listed(each.bounds_hit)}"
    if (level := bounds.LOOP_LAG_S.level(each.loop_lag_p90_s)) is not Level.OK:
        yield (
            level,
            f"one beat in ten of its loop is late by {each.loop_lag_p90_s or 0:.2g} s: more work than it can do",
        )
    if (level := bounds.NEWS_AGE_S.level(each.news_age_s)) is not Level.OK:
        yield level, f"no news from the store for {each.news_age_s or 0:.0f} s"
    if each.sockets and each.sockets_most and bounds.SOCKETS.level(each.sockets / each.sockets_most) is not Level.OK:
        yield Level.WARNING, f"{each.sockets:.0f} of {each.sockets_most:.0f} sockets are taken: start more gateways"


def _about_store(store: Store) -> Iterator[Problem]:
    if len(store.kinds) > 1:
        yield Problem(Level.PROBLEM, f"processes with different stores: {', '.join(store.kinds)}")
    if (level := bounds.STORE_SILENT_S.level(store.silent_s)) is not Level.OK:
        yield Problem(level, f"the store has been silent for {store.silent_s or 0:.0f} s")
    if store.errors:
        yield Problem(Level.WARNING, f"errors of the store: {listed(store.errors)}")
    if store.database_errors:
        yield Problem(Level.WARNING, f"the database of blocks failed {store.database_errors:.0f} times")


def _about_people(people: People, queue: Sequence[Cohort]) -> Iterator[Problem]:
    if people.paused:
        yield Problem(Level.PROBLEM, f"people who cannot be matched: {listed(people.paused)}")
    for each in queue:
        if (level := bounds.QUEUE_LAG_S.level(each.lag_s)) is not Level.OK:
            yield Problem(level, f"the queue of {each.cohort} was not read for {each.lag_s or 0:.0f} s")
        if each.held:
            yield Problem(Level.WARNING, f"{each.held:.0f} matches of {each.cohort} wait for a media server")


def _about_media(media: Media, people: People) -> Iterator[Problem]:
    for node in media.nodes:
        if not node.up:
            yield Problem(Level.PROBLEM, f"media server {node.node} does not work")
    yield from _too_long("two who fit waited too long: p99", media.match, bounds.MATCH_S)
    for mode, each in media.establish.items():
        yield from _too_long(f"{mode} comes up too slowly: p99", each, bounds.ESTABLISH_S)
    sides = 2 * sum(people.ends.values())
    failed = sum(media.failures.values())
    if sides and (level := bounds.FAILED_SHARE.level(failed / sides)) is not Level.OK:
        yield Problem(level, f"media that failed: {listed(media.failures)}")
    if media.call_errors:
        yield Problem(Level.WARNING, f"{media.call_errors:.0f} requests to media servers failed")


def _too_long(what: str, took: Spread, bound: bounds.Bound) -> Iterator[Problem]:
    if (level := bound.level(took.p99_s)) is not Level.OK:
        yield Problem(level, f"{what} is {took.p99_s or 0:.2g} s")


def listed(figures: Mapping[str, float]) -> str:
    """In words, as in: 3 media_down, 1 media_busy."""
    return ", ".join(f"{figure:.0f} {name}" for name, figure in figures.items())
