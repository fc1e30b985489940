"""Is this a Redis to build on? Facts in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import quantiles

from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.run import Subject
from duologue.store.redis.examine import UNFIT, RedisFacts, Refusal, examine

GUIDE = "docs/howto/redis.md"
USUAL_MS, SLOW_MS, FAR_TOO_SLOW_MS = 5, 50, 250
"""The median, and twice the p99, of a ping. A transition is two questions in a row, and each waits 3 s at most."""
SKEW_MS, SKEW_TOO_MUCH_MS = 1_000, 30_000
"""Tokens and webhooks bear half a minute."""
FULL, ALMOST_FULL = 0.95, 0.80

REACH_FIXES = {
    "connection": "start it, and let REDIS_URL name a Redis that this machine reaches: redis-cli -u URL ping",
    "timeout": "look whether a firewall is in between, and whether it hangs: redis-cli -u URL ping",
    "noauth": "put the right user and password into REDIS_URL, or the password into redis.password_file",
    "wrongpass": "put the right user and password into REDIS_URL, or the password into redis.password_file",
    "noperm": f"give our user the ACL rule of {GUIDE}",
    "loading": "wait until it has loaded its data",
    "moved": f"it is a Cluster: REDIS_URL=redis+cluster://HOST:PORT, see {GUIDE}",
    "clusterdown": "mend the Cluster: redis-cli --cluster check HOST:PORT",
    "masterdown": "the replica has lost its primary: name the primary, or Sentinels, in REDIS_URL",
    UNFIT: f"name the primary of a Redis from 7.0 on, or of Valkey, in REDIS_URL; with failovers, see {GUIDE}",
}
WRITE_FIXES = {
    "noperm": f"give our user the ACL rule of {GUIDE}",
    "oom": "raise maxmemory",
    "misconf": "it cannot write its snapshots: make room on its disk, and look at its log",
    "noreplicas": "bring its replicas back, or lower min-replicas-to-write",
    "readonly": "name the primary in REDIS_URL, not a replica",
}


async def examine_redis(subject: Subject) -> Sequence[Finding]:
    """The check."""
    settings = subject.settings.redis
    if subject.dev and settings.url is None:
        return [ok("store", "`duologue dev` keeps everything in memory")]
    if settings.url is None:
        fix = "set REDIS_URL, such as redis://127.0.0.1:6379/0 (`duologue dev` needs none: duologue doctor --dev)"
        return [problem("REDIS_URL", "not set, and `duologue serve` keeps everything in Redis", fix)]
    return judge(await examine(settings, subject.clock))


def judge(facts: RedisFacts | Refusal) -> list[Finding]:
    """All that there is to say about it."""
    if isinstance(facts, Refusal):
        fix = REACH_FIXES.get(facts.kind, f"look at its log, and see {GUIDE}")
        return [problem("reachable", f"{facts.address}: {facts.detail}", fix)]
    return [finding for each in JUDGEMENTS if (finding := each(facts)) is not None]


def reachable(facts: RedisFacts) -> Finding | None:
    name = "Valkey" if "valkey_version" in facts.info else "Redis"
    version = facts.info.get("valkey_version") or facts.info.get("redis_version", "of no version")
    return ok("reachable", f"{name} {version} at {facts.address}, {'with' if facts.tls else 'without'} TLS")


def form(facts: RedisFacts) -> Finding | None:
    """Does the URL say what kind of thing is there?"""
    is_cluster = facts.info.get("redis_mode") == "cluster"
    if is_cluster and facts.kind != "cluster":
        fix = f"REDIS_URL=redis+cluster://{facts.address}, so that the node with our slot is found after a failover"
        return problem("Cluster", "this is a node of a Cluster, and REDIS_URL names it as a single server", fix)
    if facts.kind == "cluster" and not is_cluster:
        return warning("Cluster", "REDIS_URL speaks of a Cluster, and this is a single server", "use redis://")
    if is_cluster:
        return ok("Cluster", f"all keys of the realm are in slot {facts.slot}, on one node; more realms use more nodes")
    return None


def allowed(facts: RedisFacts) -> Finding | None:
    """May we do what the store does?"""
    if not facts.refused:
        return ok("permissions", "all that the store does is allowed")
    kind = next(iter(facts.refused.values()))
    fix = WRITE_FIXES.get(kind, f"look at its log, and see {GUIDE}")
    return problem("permissions", f"refused ({kind}): {', '.join(facts.refused)}", fix)


def latency(facts: RedisFacts) -> Finding | None:
    cuts = quantiles(facts.pings_ms, n=100)
    p50, p99 = cuts[49], cuts[98]
    seen = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms of {len(facts.pings_ms)} pings"
    fix = "keep Redis in the same network, off a machine that is busy; redis-cli --latency, SLOWLOG GET"
    if p99 > FAR_TOO_SLOW_MS:
        return problem("latency", seen, fix)
    return warning("latency", seen, fix) if p50 > USUAL_MS or p99 > SLOW_MS else ok("latency", seen)


def policy(facts: RedisFacts) -> Finding | None:
    """Evicted keys are people who vanish in the middle of a talk."""
    name = facts.config.get("maxmemory-policy") or facts.info.get("maxmemory_policy", "unknown")
    evicted = _number(facts, "evicted_keys")
    seen = name + (f"; {evicted:,} keys were evicted since it started" if evicted else "")
    if name != "noeviction":
        fix = "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf: else people vanish when it is full"
        return problem("maxmemory-policy", seen, fix)
    return ok("maxmemory-policy", seen)


def memory(facts: RedisFacts) -> Finding | None:
    used, most = _number(facts, "used_memory"), _number(facts, "maxmemory")
    if not most:
        fix = f"set maxmemory to what {GUIDE} works out: without it, the system kills Redis when memory runs out"
        return warning("memory", f"{_size(used)} in use, no maxmemory", fix)
    seen = f"{_size(used)} of {_size(most)} in use ({used / most:.0%})"
    if used > ALMOST_FULL * most:
        judged = problem if used > FULL * most else warning
        return judged("memory", seen, "raise maxmemory: once it is full, every change is refused")
    return ok("memory", seen)


def persistence(facts: RedisFacts) -> Finding | None:
    """What a restart of Redis costs."""
    for field, what in (("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot")):
        if facts.info.get(field, "ok") != "ok":
            return problem("persistence", f"the last {what} could not be written", "make room on its disk; see its log")
    if facts.info.get("aof_enabled") == "1":
        fsync = facts.config.get("appendfsync", "everysec")
        lost = {"always": "nothing is lost", "no": "up to half a minute is lost"}.get(fsync, "a second is lost at most")
        return ok("persistence", f"append-only file: after a crash of its machine {lost}")
    fix = f"CONFIG SET appendonly yes, and the same in redis.conf; what is lost without: {GUIDE}"
    if "save" not in facts.config:
        return warning("persistence", "no append-only file; whether it takes snapshots it does not tell us", fix)
    if facts.config["save"]:
        return warning("persistence", "snapshots only: a restart forgets what came later and no gateway knows", fix)
    return warning("persistence", "none: a restart forgets all that no gateway knows, such as held places", fix)


def replicas(facts: RedisFacts) -> Finding | None:
    count, asked = _number(facts, "connected_slaves"), facts.config.get("min-replicas-to-write")
    if not count:
        return ok("replicas", "none: while its machine is away, matching pauses and talks go on")
    seen = f"{count} follow{'s' if count == 1 else ''} it"
    if asked == "0":
        fix = "CONFIG SET min-replicas-to-write 1 (and min-replicas-max-lag 10), and the same in redis.conf"
        return warning("replicas", f"{seen}; cut off from them, it would go on taking what a failover forgets", fix)
    return ok("replicas", seen + (f", min-replicas-to-write {asked}" if asked else ""))


def sentinels(facts: RedisFacts) -> Finding | None:
    if not facts.sentinels:
        return None
    silent = [each for each, primary in facts.sentinels.items() if not primary]
    named = {primary for primary in facts.sentinels.values() if primary}
    if len(named) > 1:
        fix = "look at them: redis-cli -p 26379 SENTINEL MASTERS; wait for a failover to end"
        return problem("Sentinels", f"they name different primaries: {', '.join(sorted(named))}", fix)
    if silent:
        return warning("Sentinels", f"no answer from {', '.join(silent)}", "start them, or take them out of REDIS_URL")
    if len(facts.sentinels) < 3:
        return warning("Sentinels", f"REDIS_URL names {len(facts.sentinels)}", "run three, and name them all")
    return ok("Sentinels", f"{len(facts.sentinels)} agree on {', '.join(named)}")


def connections(facts: RedisFacts) -> Finding | None:
    now, most = _number(facts, "connected_clients"), _number(facts, "maxclients")
    if most and now > ALMOST_FULL * most:
        return warning("connections", f"{now:,} of {most:,}", "raise maxclients, or look who holds them: CLIENT LIST")
    return ok("connections", f"{now:,}" + (f" of {most:,}" if most else ""))


def clock(facts: RedisFacts) -> Finding | None:
    side = "ahead of" if facts.ahead_ms > 0 else "behind"
    seen = f"{abs(facts.ahead_ms):,} ms {side} ours" if facts.ahead_ms else "as ours"
    fix = "let both machines keep their clocks by NTP: timedatectl set-ntp true"
    if abs(facts.ahead_ms) > SKEW_TOO_MUCH_MS:
        return problem("clock", seen, fix)
    return warning("clock", seen, fix) if abs(facts.ahead_ms) > SKEW_MS else ok("clock", seen)


def _number(facts: RedisFacts, field: str) -> int:
    text = facts.info.get(field, "")
    return int(text) if text.isdecimal() else 0


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count < 10 * 2**30 else f"{count / 2**30:,.1f} GiB"


JUDGEMENTS: tuple[Callable[[RedisFacts], Finding | None], ...] = (
    reachable, form, sentinels, allowed, latency, policy, memory, persistence, replicas, connections, clock,
)  # fmt: skip
"""One for each thing that can be wrong; None: there is nothing to say about it here."""
