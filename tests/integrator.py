"""An integrator with real keys: what its backend signs, and the server that publishes its key set."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.fakes import free_port

ISSUER = "https://acme.example"
AUDIENCE = "duologue"
SECRET = "a secret of acme that both sides know, long enough for HS512 too"
TERMS: dict[str, Any] = {"name": "acme", "issuer": ISSUER, "audience": AUDIENCE, "algorithm": "HS256"}
"""Settings of an issuer, but for its key."""
PUBLIC_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


def private_key(algorithm: str, number: int = 0) -> Any:
    """The key of this number."""
    return _made_once(algorithm, number)


@cache
def _made_once(algorithm: str, _: int) -> Any:
    """An RSA key takes a while."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def jwk(algorithm: str, kid: str | None = "k0", number: int = 0, **more: Any) -> dict[str, Any]:
    """Its public half, as it stands in a set."""
    public = private_key(algorithm, number).public_key()
    members: dict[str, Any] = dict(jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True))
    members.pop("key_ops", None)
    return members | ({} if kid is None else {"kid": kid}) | more


def jwks(*keys: dict[str, Any]) -> bytes:
    """A key set."""
    return json.dumps({"keys": keys}).encode()


def pem(algorithm: str) -> bytes:
    """The public key as text: what a confused server would take for a secret."""
    public = private_key(algorithm).public_key()
    encoded: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def claims(now_ms: int, **changes: Any) -> dict[str, Any]:
    """Those of a good token; None takes one away."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "exp": now_ms // 1000 + 600, "sub": "user 42"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(payload: dict[str, Any] | bytes, key: Any = SECRET, algorithm: str = "HS256", **header: Any) -> str:
    """A token. Bytes are signed as they are."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return jwt.PyJWS().encode(data, key, algorithm, headers=header)


def signed_as_secret(payload: dict[str, Any], public_key: bytes, header: dict[str, Any]) -> str:
    """What an attacker makes of a public key; PyJWT refuses to."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(payload).encode())}"
    return f"{text}.{part(hmac.new(public_key, text.encode(), hashlib.sha256).digest())}"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KeyServer:
    """Publishes a key set on loopback, and does worse when told to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.document = jwks()
        self.asked = 0
        self.answer: Handler = self.serve

    async def serve(self, _: web.Request) -> web.StreamResponse:
        """What an honest one does."""
        return web.Response(body=self.document, content_type="application/jwk-set+json")

    async def refuse(self, _: web.Request) -> web.StreamResponse:
        """What one does that is out of order."""
        return web.Response(status=503)

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """What one does that has no time."""
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def key_server() -> AsyncIterator[KeyServer]:
    """A running one."""
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    servers: list[KeyServer] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        servers[0].asked += 1
        return await servers[0].answer(request)

    app.router.add_get("/{path:.*}", answer)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", free_port())
        await site.start()
        port = runner.addresses[0][1]
        servers.append(KeyServer(f"http://127.0.0.1:{port}/jwks.json"))
        yield servers[0]
    finally:
        await runner.cleanup()
