"""Who may ask the admin listener. It asks nobody who they are, so a token opens it, or being on this machine.

A page that somebody on this machine visits is on it, too, in a way: its name can be made to point at 127.0.0.1, and
then the browser lets it read our answers as its own (DNS rebinding). Such a request gives itself away by its `Host`.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from duologue.safety.addresses import is_local

OPEN = {"open": True}
"""The `opt` of a route that is for everybody: balancers and probes bring no token, and some no `Host` of ours."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="duologue"'}


class AdminGuard:
    """A guard of Litestar for each route that does not say `OPEN`."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises Litestar's own exceptions: 401 without the token; 403 under a foreign name where there is none."""
        if handler.opt.get("open"):
            return
        if self._token is not None:
            if not brings(self._token, connection.headers.get("authorization", "")):
                raise NotAuthorizedException("send the admin token: Authorization: Bearer TOKEN", headers=CHALLENGE)
        elif not is_ours(connection.headers.get("host")):
            raise PermissionDeniedException(
                "ask for 127.0.0.1 or localhost; any other name needs admin.token to be set"
            )


def brings(token: str, authorization: str) -> bool:
    """Whether this header has the token. How long that takes says nothing about it."""
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"


def is_ours(host: str | None) -> bool:
    """Whether a request names this machine by a name that nobody can make point elsewhere. Browsers always name it."""
    if host is None:
        return True
    try:
        return is_local(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
