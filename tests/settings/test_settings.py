"""The configuration: three sources, and no typo that silently means the default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.app.media import given_nodes
from duologue.errors import StartupError
from duologue.gateway.terms import Limits, Timing
from duologue.matching.rules import Facet, Rules
from duologue.safety.ratelimit import UNLIMITED, Rate
from duologue.settings import LIVEKIT_VARIABLES, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and a clean environment."""
    monkeypatch.chdir(tmp_path)
    for variable in LIVEKIT_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def test_everything_has_a_default() -> None:
    """And listens on loopback only."""
    settings = load()

    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8000)
    assert (settings.gateway.host, settings.gateway.port) == ("127.0.0.1", 8001)


def test_the_file_is_read(tmp_path: Path) -> None:
    """`duologue.toml` in the folder where it was started."""
    (tmp_path / "duologue.toml").write_text('guest_scope = "device"\n[http]\nport = 9000\n')
    settings = load()

    assert (settings.guest_scope, settings.http.port) == ("device", 9000)


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Value by value, not section by section."""
    (tmp_path / "duologue.toml").write_text('[http]\nport = 9000\nhost = "::1"\n')
    monkeypatch.setenv("DUOLOGUE_HTTP__PORT", "9001")
    settings = load()

    assert (settings.http.host, settings.http.port) == ("::1", 9001)


def test_options_beat_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed last counts."""
    monkeypatch.setenv("DUOLOGUE_HTTP__PORT", "9001")

    assert load(http={"port": 9002}).http.port == 9002


def test_livekits_own_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As such apps already have them; the secret does not show."""
    monkeypatch.setenv("LIVEKIT_URL", "wss://media.example")
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "very-secret")
    livekit = load().livekit

    assert (livekit.url, livekit.api_key) == ("wss://media.example", "key")
    assert livekit.api_secret is not None
    assert livekit.api_secret.get_secret_value() == "very-secret"
    assert "very-secret" not in repr(load())


@pytest.mark.parametrize(
    ("text", "name"),
    [("[http]\nprot = 1\n", "http.prot"), ("[htpp]\nport = 1\n", "htpp"), ("guest_scope = 3\n", "guest_scope")],
    ids=["field", "section", "value"],
)
def test_a_typo_in_the_file_is_named(tmp_path: Path, text: str, name: str) -> None:
    """It must not silently mean the default."""
    (tmp_path / "duologue.toml").write_text(text)

    with pytest.raises(StartupError, match=name):
        load()


@pytest.mark.parametrize("variable", ["DUOLOGUE_HTTP__PROT", "DUOLOGUE_HTPP__PORT"])
def test_a_typo_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The same for variables."""
    monkeypatch.setenv(variable, "1")
    name = variable.removeprefix("DUOLOGUE_").lower().replace("__", ".")

    with pytest.raises(StartupError, match=name):
        load()


@pytest.mark.parametrize("port", ["-1", "70000", "x"])
def test_a_value_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """With the field it belongs to."""
    monkeypatch.setenv("DUOLOGUE_HTTP__PORT", port)

    with pytest.raises(StartupError, match=r"http\.port"):
        load()


def test_facets_become_the_rules_of_matching(tmp_path: Path) -> None:
    """Hard without a time, a preference with one, in the order of the file."""
    (tmp_path / "duologue.toml").write_text(
        "[matching]\nhold_ms = 500\n[matching.facets.gender]\n"
        '[matching.facets.language]\nwidens_after_ms = 9000\nvalues = ["en", "fr"]\n'
    )
    rules = load().matching.rules()

    assert rules.facets == (Facet("gender"), Facet("language", 9_000, ("en", "fr")))
    assert (rules.recently_met_after_ms, rules.hold_ms) == (5_000, 500)


def test_facets_can_be_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON."""
    monkeypatch.setenv("DUOLOGUE_MATCHING__FACETS", '{"gender": {}, "language": {"widens_after_ms": 1000}}')

    assert load().matching.rules().facets == (Facet("gender"), Facet("language", 1_000))


def test_by_default_language_is_a_preference() -> None:
    """And the only facet."""
    assert load().matching.rules() == Rules()


def test_the_old_list_of_facets_is_refused_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever upgrades sees what to write."""
    monkeypatch.setenv("DUOLOGUE_MATCHING__FACETS", '["country"]')

    with pytest.raises(StartupError, match=r"matching\.facets: .*\[matching\.facets\.country\]"):
        load()


@pytest.mark.parametrize(
    ("facets", "name"),
    [
        ({"": {}}, r"matching\.facets"),
        ({"x" * 33: {}}, r"matching\.facets"),
        ({f"f{n}": {} for n in range(9)}, r"matching\.facets"),
        ({"a": {"widens_after_ms": -1}}, r"matching\.facets\.a\.widens_after_ms"),
        ({"a": {"widens_after_ms": 3_600_001}}, r"matching\.facets\.a\.widens_after_ms"),
        ({"a": {"values": []}}, r"matching\.facets\.a\.values"),
        ({"a": {"values": ["x" * 33]}}, r"matching\.facets\.a\.values"),
        ({"a": {"values": [f"v{n}" for n in range(1_001)]}}, r"matching\.facets\.a\.values"),
        ({"a": {"hard": True}}, r"matching\.facets\.a\.hard"),
    ],
    ids=["no name", "long name", "nine", "negative", "hours", "no values", "long value", "1001 values", "unknown"],
)
def test_facets_that_cannot_be_are_named(facets: dict[str, Any], name: str) -> None:
    """Each bound."""
    with pytest.raises(StartupError, match=name):
        load(matching={"facets": facets})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "duologue.toml").write_text("[http\n")

    with pytest.raises(StartupError, match=r"duologue\.toml"):
        load()


@pytest.mark.parametrize("missing", ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"])
async def test_a_livekit_without_its_key_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The message names what is missing and both ways to mend it."""
    for variable in LIVEKIT_VARIABLES.values():
        if variable != missing:
            monkeypatch.setenv(variable, "ws://127.0.0.1:1")

    with pytest.raises(StartupError, match="LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not"):
        given_nodes(load().livekit)


def test_without_an_url_no_livekit_is_given() -> None:
    """Then `duologue dev` starts its own."""
    assert given_nodes(load().livekit) == []


NODES = [{"name": name, "url": f"ws://{name}:7880", "api_key": "k", "api_secret": "s"} for name in ("a", "b")]


def test_one_livekit_is_a_node_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients connect to its public address, we to the other."""
    for name, variable in LIVEKIT_VARIABLES.items():
        monkeypatch.setenv(variable, f"ws://inner/{name}")
    monkeypatch.setenv("DUOLOGUE_LIVEKIT__PUBLIC_URL", "wss://outer")
    monkeypatch.setenv("DUOLOGUE_LIVEKIT__JOIN_SLOTS_PER_S", "20")
    (node,) = given_nodes(load().livekit)

    assert (node.url, node.public_url, node.api_secret) == ("ws://inner/url", "wss://outer", "ws://inner/api_secret")
    assert node.slots == Rate(50, 20)


def test_several_nodes_can_stand_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON, as every list."""
    monkeypatch.setenv("DUOLOGUE_LIVEKIT__NODES", json.dumps(NODES))
    nodes = given_nodes(load().livekit)

    assert [(node.name, node.public_url) for node in nodes] == [("a", "ws://a:7880"), ("b", "ws://b:7880")]
    assert "api_secret" not in repr(nodes)


@pytest.mark.parametrize(
    ("livekit", "fix"),
    [
        ({"nodes": NODES, "url": "ws://c"}, "keep one of them"),
        ({"nodes": [NODES[0], NODES[0]]}, "two nodes are called a"),
        ({"nodes": [NODES[0] | {"join_slots_per_s": 0}]}, "join_slots_per_s"),
        ({"nodes": [NODES[0] | {"name": "a b"}]}, "nodes.0.name"),
        ({"nodes": [{"name": "a"}]}, "nodes.0.api_key"),
    ],
    ids=["twice", "same name", "no slots", "blank", "half"],
)
def test_nodes_that_cannot_be_are_refused(livekit: dict[str, Any], fix: str) -> None:
    """And the text says which, and what to do."""
    with pytest.raises(StartupError, match=fix):
        load(livekit=livekit)


# -- the admin listener ---------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_on_this_machine_the_admin_listener_needs_no_token(host: str) -> None:
    """But one that is given counts there, too."""
    assert load(admin={"host": host}).admin.required_token() is None
    assert load(admin={"host": host, "token": "x" * 16}).admin.required_token() == "x" * 16


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.5", "chat-1.internal"])
def test_an_admin_listener_that_others_reach_needs_a_token(host: str) -> None:
    """The text says how to make one, and where to put it."""
    with pytest.raises(StartupError, match=r"admin\.host.*openssl rand -hex 32.*DUOLOGUE_ADMIN__TOKEN"):
        load(admin={"host": host}).admin.required_token()


def test_the_admin_token_can_stand_in_a_file(tmp_path: Path) -> None:
    """The end of its line is no part of it."""
    (tmp_path / "token").write_text("0123456789abcdef\n")

    assert load(admin={"token_file": tmp_path / "token"}).admin.required_token() == "0123456789abcdef"


def test_an_admin_token_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(StartupError, match=r"admin\.token_file .*/nothing"):
        load(admin={"token_file": tmp_path / "nothing"}).admin.required_token()


@pytest.mark.parametrize("token", ["", "short", "0123456789 abcdef", "0123456789abcdéf"])
def test_an_admin_token_that_cannot_be_sent_or_is_guessed_is_refused(token: str) -> None:
    """And not shown."""
    with pytest.raises(StartupError, match="16 characters") as refusal:
        load(admin={"token": token}).admin.required_token()

    assert not token or token not in str(refusal.value)


@pytest.mark.parametrize(
    ("admin", "fix"),
    [
        ({"token": "x" * 16, "token_file": "/etc/token"}, "keep one of them"),
        ({"targets_file": "/run/targets"}, r"end in \.json"),
    ],
)
def test_admin_settings_that_cannot_be_are_refused(admin: dict[str, Any], fix: str) -> None:
    """And the text says what to do."""
    with pytest.raises(StartupError, match=fix):
        load(admin=admin)


# -- relations and rates --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "values", "fix"),
    [
        ("timing", {"pong_wait_ms": 30_000}, "raise heartbeat_ms"),
        ("timing", {"quiet_after_ms": 10_000}, "lower quiet_after_ms"),
        ("timing", {"seat_ms": 1_000}, "raise seat_ms"),
        ("timing", {"news_ms": 1_000}, "raise news_ms"),
        ("gateway", {"write_soft_bytes": 262_144}, "raise write_hard_bytes"),
        ("limits", {"find": "fast"}, "write a rate such as"),
        ("limits", {"trusted_proxies": ["10.0.0.1/8"]}, "write a network such as"),
    ],
)
def test_settings_that_contradict_each_other_name_the_fix(section: str, values: dict[str, object], fix: str) -> None:
    """Instead of a server that behaves strangely."""
    with pytest.raises(StartupError, match=fix):
        load(**{section: values})


def test_the_profile_of_load_tests_has_no_limits_but_those_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """From any source."""
    monkeypatch.setenv("DUOLOGUE_LIMITS__PROFILE", "load")
    monkeypatch.setenv("DUOLOGUE_LIMITS__FIND", "1/s burst 9")
    limits = load().limits

    assert limits.rate("find") == Rate(1_000, 9)
    assert limits.rate("auth") == limits.rate("accept") == limits.rate("guest") == limits.rate("chat") == UNLIMITED
    assert limits.standing > 1_000_000


def test_times_of_the_settings_are_those_of_a_session() -> None:
    """One name, one default, in both places."""
    assert Timing(**load().timing.model_dump()) == Timing()


def test_limits_of_the_settings_are_those_of_a_session() -> None:
    """The same."""
    rate = load().limits.rate

    assert Limits(any=rate("message"), find=rate("find"), chat=rate("chat")) == Limits()
