"""Where key sets are read from: an integrator's server, or a file. Each is a `ports.KeySource`.

The server is somebody else's: it may be slow, endless, or send us elsewhere, and none of that is followed.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from duologue.errors import Unavailable
from duologue.services.keyset import MAX_DOCUMENT_BYTES

ANSWER_WITHIN_S = 5


class HttpKeys:
    """A key set behind an URL, which the settings have checked."""

    def __init__(self, url: str, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._url = url
        parts = urlsplit(url)
        self._host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        self._timeout = aiohttp.ClientTimeout(total=answer_within_s)

    async def fetch(self) -> bytes:
        """Ask for it. A connection is for one question: they are rare, and a server may move."""
        headers = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
        jar = aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, cookie_jar=jar, auto_decompress=False) as session,
                session.get(self._url, headers=headers, allow_redirects=False) as answer,
            ):
                return await self._body(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._away(type(error).__name__) from error

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        if 300 <= answer.status < 400:
            raise self._away(f"it answers {answer.status}: redirects are not followed, give the final address")
        if answer.status != 200:
            raise self._away(f"it answers {answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > MAX_DOCUMENT_BYTES:
                raise self._away(f"it sends more than {MAX_DOCUMENT_BYTES} bytes")
        return bytes(body)

    def _away(self, detail: str) -> Unavailable:
        """Without the URL: what stands behind the host may be a secret."""
        return Unavailable(f"the key set at {self._host}", detail)


class FileKeys:
    """A key set in a file on this machine, read anew each time: whoever rotates keys replaces it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(self) -> bytes:
        """Read it: it is small, and local."""
        return self.read()

    def read(self) -> bytes:
        """The same for who cannot wait. Raises `Unavailable`."""
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_DOCUMENT_BYTES + 1)
        except OSError as error:
            raise Unavailable(f"the key set in {self._path}", error.strerror or type(error).__name__) from error
