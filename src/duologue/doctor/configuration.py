"""Settings that load, and still cannot be meant: they contradict each other, or are no good on the internet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.run import Subject
from duologue.errors import StartupError
from duologue.safety.addresses import is_local
from duologue.settings import CONFIG_FILE, NodeSettings, Settings

ANY_ADDRESS = ("0.0.0.0", "::", "")
SHORTEST_SECRET = 32
EXAMPLE_SECRETS = ("secret", "at least 32 characters")
DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
HTTPS_ONLY = "browsers give camera and microphone to HTTPS only, and a page of HTTPS may open wss:// only"


async def examine_configuration(subject: Subject) -> Sequence[Finding]:
    """The check."""
    return judge(subject.settings)


def judge(settings: Settings) -> list[Finding]:
    """All that is odd about these settings; one word where nothing is."""
    odd = [finding for each in JUDGEMENTS for finding in each(settings)]
    return odd or [ok("settings", f"they load ({CONFIG_FILE}, DUOLOGUE_*), and nothing in them contradicts")]


def public_url(settings: Settings) -> Iterator[Finding]:
    """Can a browser open what we tell it to?"""
    given = settings.gateway.public_url
    if given is not None:
        yield from _for_clients("gateway.public_url", given)
    elif settings.gateway.host in ANY_ADDRESS:
        seen = f"not set, so pages are told ws://{settings.gateway.host}:{settings.gateway.port}"
        yield problem("gateway.public_url", seen, 'set what clients connect to: "wss://chat.example.org/ws"')


def origins(settings: Settings) -> Iterator[Finding]:
    """An origin is compared letter by letter with what browsers send."""
    for origin in sorted(settings.gateway.origins):
        if origin != _origin(urlsplit(origin)):
            fix = f'write it as browsers do: "{_origin(urlsplit(origin)) or "https://chat.example.org"}"'
            yield problem("gateway.origins", f"{origin!r} is no origin, and no page has it", fix)
    given = urlsplit(settings.gateway.public_url or "")
    if given.hostname and not is_local(given.hostname) and not settings.gateway.origins:
        page = _origin(given._replace(scheme="https" if given.scheme == "wss" else "http"))
        fix = f'name the page that may connect: gateway.origins = ["{page}"]'
        yield problem("gateway.origins", "empty, so the page under its public name is refused", fix)


def proxies(settings: Settings) -> Iterator[Finding]:
    """TLS that we do not speak is ended by a proxy; is it believed?"""
    is_behind_one = urlsplit(settings.gateway.public_url or "").scheme == "wss"
    if is_behind_one and not settings.limits.trusted_proxies:
        seen = "empty, and gateway.public_url says that a proxy ends TLS: everybody shares the limits of its address"
        yield problem("limits.trusted_proxies", seen, 'name its addresses: trusted_proxies = ["10.0.0.0/8"]')
    everybody = [text for text in settings.limits.trusted_proxies if text.endswith("/0")]
    if everybody:
        seen = f"{everybody[0]}: anybody can claim to be anywhere, and so go round the limits"
        yield problem("limits.trusted_proxies", seen, "name the networks of your proxies only")


def limits(settings: Settings) -> Iterator[Finding]:
    if settings.limits.profile == "load":
        yield warning("limits.profile", "load: hardly any limit holds", 'set it to "public" before others can connect')


def listeners(settings: Settings) -> Iterator[Finding]:
    """No two on one port, and the one for operators is not for everybody."""
    yield from _admin(settings)
    if settings.http.port == settings.gateway.port:
        seen = f"both are {settings.http.port}"
        yield problem("http.port and gateway.port", seen, "give them different ports, such as 8000 and 8001")


def _admin(settings: Settings) -> Iterator[Finding]:
    admin = settings.admin
    try:
        admin.required_token()
    except StartupError as error:
        yield problem("admin.token", str(error), "do that: no process starts before")
        return
    if not is_local(admin.host):
        seen = f"{admin.host}: its token crosses the network in plain, and anybody may ask for health"
        yield warning("admin.host", seen, "keep it inside your network, or let a firewall keep all but your probes out")


def media(settings: Settings) -> Iterator[Finding]:
    """Is what we know of the media servers enough, and good enough?"""
    given = settings.livekit
    if given.url is not None and given.api_key is not None and given.api_secret is not None:
        yield from _node("livekit", NodeSettings(name="livekit", **_of_one(settings)))
    for node in given.nodes:
        yield from _node(f"livekit.nodes {node.name}", node)


def _of_one(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings.livekit, name) for name in NodeSettings.model_fields if name != "name"}


def _node(where: str, node: NodeSettings) -> Iterator[Finding]:
    yield from _for_clients(
        f"{where}: {'url' if node.public_url is None else 'public_url'}", node.public_url or node.url
    )
    secret = node.api_secret.get_secret_value()
    if secret in EXAMPLE_SECRETS:
        yield problem(f"{where}: api_secret", "that of an example", "make one: openssl rand -hex 32")
    elif len(secret) < SHORTEST_SECRET:
        seen = f"{len(secret)} characters; it signs who may join which room"
        yield warning(f"{where}: api_secret", seen, "make one of 32 or more: openssl rand -hex 32")


def _for_clients(where: str, url: str) -> Iterator[Finding]:
    """Judge a URL that browsers open."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("ws", "wss", "http", "https") or not host:
        yield problem(where, f"{url!r} is no address of a WebSocket", 'write it as "wss://chat.example.org/ws"')
    elif host in ANY_ADDRESS:
        yield problem(where, f"{url!r}: nobody can connect to {host}", "name a host that clients reach")
    elif parts.scheme in ("ws", "http") and not is_local(host):
        yield problem(
            where, f"{url!r} is without TLS: {HTTPS_ONLY}", "put a proxy with TLS before it, and write wss://"
        )


def _origin(parts: SplitResult) -> str:
    """`scheme://host[:port]`, as browsers write it; empty where it is none."""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")


JUDGEMENTS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    public_url, origins, proxies, limits, listeners, media,
)  # fmt: skip
