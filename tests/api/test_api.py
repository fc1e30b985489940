"""The HTTP side, as a browser and a stranger see it."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.file_system import BaseLocalFileSystem
from structlog.testing import capture_logs

from duologue.api import page
from duologue.api.hooks import PATH
from duologue.api.server import MAX_BODY_BYTES, ClientConfig, create_admin, create_app
from duologue.errors import Unavailable
from duologue.media.fake import FakeMedia
from duologue.media.webhook import read_webhook
from duologue.ports import Webhook
from duologue.safety.ratelimit import Rate
from duologue.services.explaining import Explainer
from duologue.services.identity import TokenOffice
from duologue.services.pairs import Pairs
from duologue.services.readiness import Readiness
from duologue.services.webhooks import Webhooks
from duologue.settings import Settings
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.tasks import Tasks
from tests.builders import NOW
from tests.fakes import CountingRng, ManualClock
from tests.media.hooks import KEY, SECRET, body_of, signature

OURS, EVIL = "http://127.0.0.1:8000", "https://evil.example"
FACETS: dict[str, Any] = {"language": {"values": ["en", "fr"]}}
CONFIG = ClientConfig("ws://127.0.0.1:8001", "/v1/guest", ["video", "text"], "tab", "0.0", ["spam", "other"], "link")


class Front:
    """The application and what it is made of."""

    def __init__(self, **limits: Any) -> None:
        self.clock = ManualClock()
        self.tokens = TokenOffice(b"k" * 32, self.clock, CountingRng())
        settings = Settings(limits=limits, gateway={"origins": [OURS]}, matching={"facets": FACETS})
        self.media = FakeMedia()
        store = MemoryStore(self.clock)
        self.webhooks = Webhooks(store, self.media, Pairs(store, self.media, self.clock, Tasks()), self.clock)
        limiter = MemoryLimiter(self.clock)
        self.readiness = Readiness(self.clock, 30_000)
        self.readiness.reached(store)
        self.readiness.serving()
        self.explainer = Explainer(settings.matching.rules(), self.clock)
        self.explainer.reached(store)
        self.app: Litestar = create_app(settings, self.readiness, self.tokens, limiter, CONFIG, self.webhooks)

    @asynccontextmanager
    async def browser(self, address: str = "192.0.2.1") -> AsyncIterator[httpx.AsyncClient]:
        """Somebody at this address."""
        transport = httpx.ASGITransport(self.app, client=(address, 1234))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
            yield client


@pytest.fixture
def no_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page, "CANDIDATES", (tmp_path / "nowhere",))


@pytest.fixture
def built_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A page as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Duologue</title>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("export {}")
    monkeypatch.setattr(page, "CANDIDATES", (tmp_path,))
    return tmp_path


@pytest.fixture
async def browser(no_page: None) -> AsyncIterator[httpx.AsyncClient]:
    async with Front().browser() as client:
        yield client


# -- what is open to all --------------------------------------------------------------------


async def test_the_configuration_says_where_everything_is(browser: httpx.AsyncClient) -> None:
    """A client needs nothing but the address of the page."""
    response = await browser.get("/config.json")

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    assert response.json() == {
        "websocket_url": "ws://127.0.0.1:8001",
        "guest_url": "/v1/guest",
        "modes": ["video", "text"],
        "guest_scope": "tab",
        "version": "0.0",
        "report_reasons": ["spam", "other"],
        "calls": "link",
    }


async def test_a_process_that_cannot_serve_says_why() -> None:
    """Balancers read the status, operators the text; it lives all the same."""
    front = Front()
    front.readiness.stopping()
    async with front.browser() as browser:
        live, ready = await browser.get("/health/live"), await browser.get("/health/ready")

    assert live.status_code == 200
    assert (ready.status_code, ready.json()["why_not"]) == (503, "stopping")


async def test_the_admin_listener_has_health_and_no_more() -> None:
    """The same answers; neither page nor guests nor a description of what there is."""
    front = Front()
    transport = httpx.ASGITransport(create_admin(front.readiness, front.explainer))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9401") as operator:
        paths = "/health/live", "/health/ready", "/", "/config.json", "/v1/guest", "/openapi", "/schema"
        codes = [(await operator.get(path)).status_code for path in paths]

    assert codes == [200, 200, 404, 404, 404, 404, 404]


async def test_health_names_the_store(browser: httpx.AsyncClient) -> None:
    """Memory must never be mistaken for Redis."""
    live, ready = await browser.get("/health/live"), await browser.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"live": True})
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "store": "memory", "store_answers": True, "why_not": None},
    )


@pytest.mark.parametrize("path", ["/config.json", "/health/live", "/", "/nowhere", "/v1/guest"])
async def test_every_answer_has_the_security_headers(browser: httpx.AsyncClient, path: str) -> None:
    """Errors too."""
    response = await browser.get(path)

    assert {name: response.headers.get(name) for name in page.SECURITY_HEADERS} == page.SECURITY_HEADERS


async def test_an_unknown_path_is_not_found(browser: httpx.AsyncClient) -> None:
    """Not an error of ours."""
    assert (await browser.get("/nowhere/at/all")).status_code == 404


# -- the page -------------------------------------------------------------------------------


async def test_without_a_build_the_page_says_what_to_do(browser: httpx.AsyncClient) -> None:
    """And the rest works."""
    response = await browser.get("/")

    assert response.status_code == 503
    assert "npm run build" in response.text


async def test_the_built_page_is_served(built_page: Path) -> None:
    """With its assets."""
    async with Front().browser() as browser:
        index, asset = await browser.get("/"), await browser.get("/assets/index-1a2b.js")

    assert (index.status_code, index.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert "Duologue" in index.text
    assert (asset.status_code, asset.text) == (200, "export {}")


async def test_hashed_assets_are_kept_and_the_page_is_checked_anew(built_page: Path) -> None:
    """A new build is seen at once, and nothing is loaded twice."""
    async with Front().browser() as browser:
        index, asset = await browser.get("/"), await browser.get("/assets/index-1a2b.js")

    assert index.headers["cache-control"] == page.cache_control("/") == "no-cache"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_an_asset_that_is_missing_is_not_remembered(built_page: Path) -> None:
    """During an update a page may ask for what is not there yet."""
    async with Front().browser() as browser:
        response = await browser.get("/assets/index-ffff.js")

    assert (response.status_code, response.headers["cache-control"]) == (404, "no-cache")


@pytest.mark.parametrize("path", ["/../token.key", "/%2e%2e/token.key", "/assets/..%2f..%2ftoken.key"])
async def test_only_the_build_is_served(built_page: Path, path: str) -> None:
    """Nothing beside its folder."""
    (built_page.parent / "token.key").write_text("secret")
    async with Front().browser() as browser:
        response = await browser.get(path)

    assert "secret" not in response.text


@pytest.mark.parametrize(
    "path",
    ["/%00", "/assets/a%00b", "/" + "x" * 5_000, "/x" * 3_000, "/%ff%fe", "/%ed%a0%80", "/index.html/x", "/assets/"],
    ids=["zero byte", "in a folder", "long", "deep", "no UTF-8", "a surrogate", "below a file", "a folder"],
)
async def test_a_path_that_no_file_has_is_not_found(built_page: Path, path: str) -> None:
    """Whatever the system thinks of it; and nobody can fill the log with it."""
    with capture_logs() as logs:
        async with Front().browser() as browser:
            response = await browser.get(path)

    assert (response.status_code, logs) == (404, [])


@pytest.mark.parametrize("error", [OSError(errno.EIO, "I/O error"), PermissionError(errno.EACCES, "denied", "/secret")])
async def test_a_fault_of_the_disk_is_ours(built_page: Path, error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    """500, with nothing of it in the answer and all of it in the log."""

    async def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(BaseLocalFileSystem, "info", broken)
    with capture_logs() as logs:
        async with Front().browser() as browser:
            response = await browser.get("/assets/index-1a2b.js")

    assert_failed(response, logs)


def assert_failed(response: httpx.Response, logs: list[Any]) -> None:
    """We did something wrong: the operator hears what, the caller that."""
    assert (response.status_code, response.json()["detail"]) == (500, "Internal Server Error")
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("http_failed", "error")
    assert entry["exc_info"].__traceback__ is not None


# -- guests ---------------------------------------------------------------------------------


async def test_a_value_that_is_not_listed_is_refused(no_page: None) -> None:
    """The answer says which there are."""
    async with Front().browser() as browser:
        response = await browser.post("/v1/guest", json={"facets": {"language": "tlh"}})

    assert response.status_code == 400
    assert "language: no such value. There are en, fr." in response.text


async def test_anybody_may_be_a_guest(no_page: None) -> None:
    """The token is for the gateway; nobody else may keep the answer."""
    front = Front()
    async with front.browser() as browser:
        response = await browser.post("/v1/guest", json={"facets": {"language": "en", "shoe": "42"}})
    guest = response.json()

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert front.tokens.verify(guest["token"]).facets == {"language": "en"}
    assert front.tokens.verify(guest["token"]).person == guest["person"]
    assert "set-cookie" not in response.headers


async def test_a_refresh_token_keeps_the_person(browser: httpx.AsyncClient) -> None:
    """A returning guest is the same one."""
    first = (await browser.post("/v1/guest", json={})).json()
    again = (await browser.post("/v1/guest", json={"refresh": first["refresh"]})).json()

    assert again["person"] == first["person"]


@pytest.mark.parametrize("refresh", ["", "garbage", "a.b.c", "\0"])
async def test_a_bad_refresh_token_makes_a_new_person(browser: httpx.AsyncClient, refresh: str) -> None:
    """Rather than an error page for somebody who did nothing wrong."""
    response = await browser.post("/v1/guest", json={"refresh": refresh})

    assert response.status_code == 200
    assert response.json()["person"]


@pytest.mark.parametrize(("origin", "expected"), [(OURS, 200), (None, 200), (EVIL, 403), ("null", 403)])
async def test_no_other_page_may_ask_for_guests(browser: httpx.AsyncClient, origin: str | None, expected: int) -> None:
    """Programs send no Origin; a browser always does."""
    headers = {} if origin is None else {"Origin": origin}

    assert (await browser.post("/v1/guest", json={}, headers=headers)).status_code == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"nonsense": 1}',
        b'{"facets": {"language": 3}}',
        b'{"facets": {"language": ""}}',
        b'{"facets": {"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1"}}',
        b'{"refresh": "' + b"x" * 5_000 + b'"}',
        b"[" * 5_000,
        b"\xff",
    ],
    ids=["empty", "cut", "list", "unknown field", "number", "empty value", "nine facets", "long", "deep", "no UTF-8"],
)
async def test_a_body_that_is_wrong_is_refused(browser: httpx.AsyncClient, body: bytes) -> None:
    """400: a fault of the client, and never ours."""
    response = await browser.post("/v1/guest", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    "error", [ValueError("secret"), OSError("secret"), RecursionError("secret"), KeyError("secret")]
)
async def test_a_defect_of_ours_is_not_the_clients_fault(
    no_page: None, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500, with nothing of it in the answer and all of it in the log."""

    def broken(*_: object) -> None:
        raise error

    front = Front()
    monkeypatch.setattr(front.tokens, "mint_guest", broken)
    with capture_logs() as logs:
        async with front.browser() as browser:
            response = await browser.post("/v1/guest", json={})

    assert_failed(response, logs)


async def test_a_body_that_is_too_big_is_refused(browser: httpx.AsyncClient) -> None:
    """Before it is read to the end."""
    response = await browser.post("/v1/guest", json={"refresh": "x" * MAX_BODY_BYTES})

    assert response.status_code == 413


async def test_too_many_guests_of_one_address_have_to_wait(no_page: None) -> None:
    """The answer says how long; others are served meanwhile; after that time it works."""
    front = Front(guest="10/m burst 2")
    async with front.browser() as browser, front.browser("192.0.2.2") as neighbour:
        codes = [(await browser.post("/v1/guest", json={})).status_code for _ in range(2)]
        refused = await browser.post("/v1/guest", json={})
        other = await neighbour.post("/v1/guest", json={})
        front.clock.advance(6_000)
        later = await browser.post("/v1/guest", json={})

    assert codes == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
    assert (other.status_code, later.status_code) == (200, 200)


async def test_one_household_is_one_address(no_page: None) -> None:
    """IPv6 hands everybody 2^64 addresses."""
    front = Front(guest="10/m burst 1")
    async with front.browser("2001:db8::1") as first, front.browser("2001:db8::2") as second:
        codes = [(await browser.post("/v1/guest", json={})).status_code for browser in (first, second)]

    assert codes == [200, 429]


async def test_behind_a_trusted_proxy_each_client_is_counted(no_page: None) -> None:
    """And what a client claims itself counts for nothing."""
    front = Front(guest="10/m burst 1", trusted_proxies=["10.0.0.0/8"])
    claims = ["198.51.100.1", "198.51.100.2", "6.6.6.6, 198.51.100.1", "7.7.7.7, 198.51.100.2"]
    async with front.browser("10.0.0.1") as proxy, front.browser("203.0.113.9") as stranger:
        told = [
            (await browser.post("/v1/guest", json={}, headers={"X-Forwarded-For": claim})).status_code
            for browser in (proxy, stranger)
            for claim in claims
        ]

    assert told == [200, 200, 429, 429, 200, 429, 429, 429]


async def test_a_forgotten_proxy_is_told_of_once(no_page: None) -> None:
    """The operator can see why guests are refused."""
    front = Front(guest="10/m burst 1")
    with capture_logs() as logs:
        async with front.browser("10.0.0.1") as proxy:
            codes = [(await proxy.post("/v1/guest", json={})).status_code for _ in range(3)]

    assert codes == [200, 429, 429]
    assert [entry["listener"] for entry in logs if entry["event"] == "proxy_not_trusted"] == ["http"]


class BrokenLimiter:
    """The shared store is away."""

    async def admit(self, key: str, rate: Rate) -> int:
        raise Unavailable("the store")


async def test_guests_come_in_while_nobody_can_count_them(no_page: None) -> None:
    """This limiter fails open: a guest's token opens nothing that is not limited itself."""
    front = Front()
    front.app = create_app(Settings(), front.readiness, front.tokens, BrokenLimiter(), CONFIG, front.webhooks)
    async with front.browser() as browser:
        assert (await browser.post("/v1/guest", json={})).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_taken(browser: httpx.AsyncClient, kind: str) -> None:
    """A form of another page needs no preflight; JSON does."""
    headers = {"Content-Type": kind} if kind else {}
    response = await browser.post("/v1/guest", content=b"{}", headers=headers)

    assert response.status_code == 415


@pytest.mark.parametrize(("origin", "allowed"), [(OURS, OURS), (EVIL, None)])
async def test_pages_of_configured_origins_may_read_the_answers(
    browser: httpx.AsyncClient, origin: str, allowed: str | None
) -> None:
    """Before they ask, and when they ask."""
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = await browser.options("/v1/guest", headers=asks)
    config = await browser.get("/config.json", headers={"Origin": origin})

    assert preflight.headers.get("access-control-allow-origin") == allowed
    assert config.headers.get("access-control-allow-origin") == allowed
    assert "access-control-allow-credentials" not in config.headers


async def test_openapi_describes_the_api(browser: httpx.AsyncClient) -> None:
    """For integrators."""
    schema = (await browser.get("/openapi/openapi.json")).json()

    assert "/v1/guest" in schema["paths"]


# -- webhooks -------------------------------------------------------------------------------


class SigningMedia(FakeMedia):
    """A media server whose key is known."""

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:
        return read_webhook(body, authorization, {KEY: SECRET}, NOW)


@pytest.fixture
async def signed() -> AsyncIterator[httpx.AsyncClient]:
    """A server whose media server signs its hooks."""
    front = Front()
    front.webhooks._media = SigningMedia()
    async with front.browser() as browser:
        yield browser


def hook_headers(body: bytes, **changes: Any) -> dict[str, str]:
    return {"Authorization": signature(body, **changes), "Content-Type": "application/webhook+json"}


@pytest.mark.parametrize("body", [body_of(), body_of("track_published"), body_of(createdAt="0")])
async def test_a_signed_hook_is_thanked_for(no_page: None, signed: httpx.AsyncClient, body: bytes) -> None:
    """Also one that we have no use for: sending it again would not help."""
    assert (await signed.post(PATH, content=body, headers=hook_headers(body))).status_code == 200


async def test_a_hook_of_a_stranger_is_refused(no_page: None, signed: httpx.AsyncClient) -> None:
    """With a status that the operator sees in the log of LiveKit, where the key is wrong."""
    body = body_of()

    assert (await signed.post(PATH, content=body)).status_code == 401
    assert (await signed.post(PATH, content=body, headers=hook_headers(body, secret="x" * 40))).status_code == 401


async def test_a_hook_has_a_bound(no_page: None, signed: httpx.AsyncClient) -> None:
    """Nobody reads megabytes to find out who signed them."""
    body = body_of(padding="x" * MAX_BODY_BYTES)

    assert (await signed.post(PATH, content=body, headers=hook_headers(body))).status_code == 413
