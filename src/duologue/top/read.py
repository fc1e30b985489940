"""From what processes told, twice, to what there is to see. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from duologue.top import bounds
from duologue.top.figures import NOTHING, Figures, Histogram, Samples, growth, together
from duologue.top.problems import problems
from duologue.top.view import Cohort, Level, Media, Node, People, Process, Spread, Store, View

BORN = "process_start_time_seconds"


class Answer(NamedTuple):
    """What one process told, or why it did not."""

    address: str
    process: str
    """What it is called, as far as whoever asked knew."""
    role: str
    samples: Samples | None
    failure: str | None = None


class Look(NamedTuple):
    """All of them, asked at one moment."""

    at_s: float
    """On a clock of its own that never goes back."""
    unix_s: float
    answers: Sequence[Answer]


class Span(NamedTuple):
    """A process or all of them, between two looks."""

    now: Figures
    """Of all of them it is the sum."""
    most: Figures
    """The largest that any of them tells, where a sum makes no sense."""
    grown: Figures
    over_s: float

    def per_s(self, name: str, **labels: str) -> float | None:
        """A rate."""
        total = self.grown.total(name, **labels)
        return None if total is None else total / self.over_s

    def spread(self, name: str, **labels: str) -> Spread:
        """The percentiles of a histogram."""
        return spread(self.grown.histogram(name, **labels))


def view(before: Look, now: Look) -> View:
    """What is to be seen. A process of which nothing is known from before has no rates."""
    over_s = max(now.at_s - before.at_s, 0.001)
    told = [each.samples for each in now.answers if each.samples]
    grown = {each.address: _grown(before, each) for each in now.answers}
    all_of_them = Span(together(told), together(told, max), together(grown.values()), over_s)
    processes = [_process(each, grown[each.address], over_s, now.unix_s) for each in now.answers]
    people, queue = _people(all_of_them), _queue(all_of_them)
    media, store = _media(all_of_them), _store(all_of_them)
    return View(
        over_s,
        problems(people, queue, media, store, processes),
        people,
        queue,
        media,
        store,
        sorted(processes, key=lambda each: (each.level.rank, each.role, each.name, each.address)),
    )


def _grown(before: Look, answer: Answer) -> Samples:
    """What its counters counted meanwhile: all that they ever did, where the process is younger than that."""
    if answer.samples is None:
        return NOTHING
    born_s = Figures(answer.samples).total(BORN)
    if born_s is not None and born_s >= before.unix_s:
        return growth(NOTHING, answer.samples)
    older = (each.samples for each in before.answers if each.address == answer.address and each.samples)
    was = next(older, None)
    return NOTHING if was is None else growth(was, answer.samples)


def spread(histogram: Histogram) -> Spread:
    """The percentiles that are shown."""
    return Spread(histogram.count, *(histogram.quantile(share) for share in (0.5, 0.95, 0.99)))


# -- people -------------------------------------------------------------------------------------


def _people(span: Span) -> People:
    doing = span.now.by("doing", "duologue_people")
    outcomes = sorted(span.grown.by("outcome", "duologue_wait_seconds_count"))
    return People(
        doing=doing,
        paused=_some(span.now.by("why", "duologue_paused_people")),
        pairs_talking=doing["talking"] / 2 if "talking" in doing else None,
        arrivals_per_s=span.per_s("duologue_sessions_started_total"),
        matches_per_s=span.per_s("duologue_pairs_formed_total"),
        nexts_per_s=span.per_s("duologue_commands_total", command="next", answer="ok"),
        waits={each: span.spread("duologue_wait_seconds", outcome=each) for each in outcomes},
        ends=_some(span.grown.by("reason", "duologue_pairs_ended_total")),
        unmet=span.grown.total("duologue_pairs_ended_total", phase="matched"),
    )


def _queue(span: Span) -> list[Cohort]:
    waiting = span.now.by("cohort", "duologue_queue_people")
    held = span.now.by("cohort", "duologue_held_matches")
    lag = span.most.by("cohort", "duologue_shard_lag_seconds")
    cohorts = [_cohort(each, waiting.get(each, 0), held.get(each, 0), lag.get(each)) for each in waiting | held]
    return sorted(cohorts, key=lambda each: (each.level.rank, -each.waiting, each.cohort))


def _cohort(name: str, waiting: float, held: float, lag_s: float | None) -> Cohort:
    level = bounds.worst(bounds.HELD.level(held), bounds.QUEUE_LAG_S.level(lag_s))
    return Cohort(name, level, waiting, held, lag_s)


def _some(figures: Mapping[str, float]) -> dict[str, float]:
    """Those that are there, the most first."""
    return {name: figure for name, figure in sorted(figures.items(), key=lambda each: -each[1]) if figure}


# -- media and store ------------------------------------------------------------------------------


def _media(span: Span) -> Media:
    modes = sorted(span.grown.by("mode", "duologue_establish_seconds_count"))
    up = span.now.by("node", "duologue_media_node_up")
    slots = span.now.by("node", "duologue_media_node_slots_per_second")
    nodes = [Node(each, Level.OK if up[each] else Level.PROBLEM, bool(up[each]), slots.get(each)) for each in up]
    return Media(
        match=span.spread("duologue_match_seconds"),
        establish={each: span.spread("duologue_establish_seconds", mode=each) for each in modes},
        first_frame=span.spread("duologue_first_frame_seconds"),
        failures=_some(span.grown.by("cause", "duologue_media_failures_total")),
        nodes=sorted(nodes, key=lambda each: (each.level.rank, each.node)),
        call_errors=span.grown.total("duologue_media_call_errors_total"),
    )


def _store(span: Span) -> Store:
    kinds = sorted(kind for kind, on in span.now.by("kind", "duologue_store_info").items() if on)
    silent_s = span.most.largest("duologue_store_silent_seconds")
    level = Level.PROBLEM if len(kinds) > 1 else bounds.STORE_SILENT_S.level(silent_s)
    return Store(
        kinds,
        level,
        silent_s,
        span.spread("duologue_store_seconds"),
        _some(span.grown.by("kind", "duologue_store_errors_total")),
        span.grown.total("duologue_store_retries_total"),
        span.grown.total("duologue_database_errors_total"),
    )


# -- processes --------------------------------------------------------------------------------------


def _process(answer: Answer, grown: Samples, over_s: float, unix_s: float) -> Process:
    if answer.samples is None:
        return Process(answer.process, answer.address, answer.role, Level.PROBLEM, failure=answer.failure)
    now = Figures(answer.samples)
    span = Span(now, now, Figures(grown), over_s)
    build = now.labels("duologue_build_info")
    ready, born_s = now.total("duologue_ready"), now.total(BORN)
    sockets, most = now.total("duologue_sockets"), now.total("duologue_sockets_most")
    lag = span.grown.histogram("duologue_loop_lag_seconds")
    news_age_s = now.largest("duologue_outbox_age_seconds")
    bounds_hit = _some(span.grown.by("bound", "duologue_bounds_hit_total"))
    defects = span.grown.total("duologue_defects_total")
    level = bounds.worst(
        Level.OK if ready in (None, 1) else Level.PROBLEM,
        Level.PROBLEM if defects else Level.OK,
        Level.WARNING if bounds_hit else Level.OK,
        bounds.LOOP_LAG_S.level(lag.quantile(0.9)),
        bounds.NEWS_AGE_S.level(news_age_s),
        bounds.SOCKETS.level(sockets / most if sockets is not None and most else None),
    )
    return Process(
        name=build.get("name", answer.process),
        address=answer.address,
        role=build.get("roles", answer.role),
        level=level,
        version=build.get("version"),
        ready=None if ready is None else ready == 1,
        up_s=None if born_s is None else unix_s - born_s,
        sockets=sockets,
        sockets_most=most,
        people=now.total("duologue_people"),
        loop_lag_p90_s=lag.quantile(0.9),
        loop_lag_p99_s=lag.quantile(0.99),
        news_age_s=news_age_s,
        memory_bytes=now.total("process_resident_memory_bytes"),
        cpu=span.per_s("process_cpu_seconds_total"),
        bounds_hit=bounds_hit,
        defects=defects,
        defects_ever=now.total("duologue_defects_total"),
    )
