"""Whose address a request comes from, for limits; and a word to an operator who forgot to name a proxy.

Behind a proxy that `limits.trusted_proxies` does not name, everybody has the proxy's address and so
shares one limit per prefix: a handful of people come in, the next are refused, and nothing is broken.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from duologue.safety.addresses import Network, client_address, is_private, shortened

log = structlog.get_logger()

HINT = "if a reverse proxy of yours stands there, name it in limits.trusted_proxies: all behind it share one limit"


class Visitors:
    """Those who come to one listener."""

    def __init__(self, listener: str, trusted: Sequence[Network]) -> None:
        self._listener = listener
        self._trusted = trusted
        self._told = False

    def address_of(self, peer: str, forwarded: str) -> str:
        """Who is at the far end. `forwarded`: the values of `X-Forwarded-For`, joined by commas."""
        if forwarded and not self._trusted:
            self._tell(peer, "it sent X-Forwarded-For")
        return client_address(peer, forwarded, self._trusted)

    def refused(self, address: str) -> None:
        """A limit by prefix refused somebody. From a private network so many are hardly one household."""
        if not self._trusted and is_private(address):
            self._tell(address, "a limit by prefix was reached from a private address")

    def _tell(self, address: str, sign: str) -> None:
        if not self._told:
            self._told = True
            log.warning("proxy_not_trusted", listener=self._listener, network=shortened(address), sign=sign, hint=HINT)
