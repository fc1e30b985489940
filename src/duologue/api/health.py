"""How this process is: *live* means that its loop answers, *ready* that it can serve people.

Anybody may ask, on the public port too: nothing here names a host, a key or a person.
"""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from duologue.api.access import OPEN
from duologue.services.readiness import Readiness


class Health(msgspec.Struct, frozen=True):
    """`store` is said out loud: memory must never be mistaken for Redis."""

    ready: bool
    store: str
    store_answers: bool
    why_not: str | None = None


@get("/health/live", opt=OPEN, sync_to_thread=False)
def live() -> dict[str, bool]:
    """The loop answers."""
    return {"live": True}


@get("/health/ready", opt=OPEN, sync_to_thread=False)
def ready(readiness: NamedDependency[Readiness]) -> Response[Health]:
    """This process can serve people: 200. It cannot: 503, and why."""
    why_not = readiness.why_not
    health = Health(why_not is None, readiness.store, readiness.store_answers, why_not)
    return Response(health, status_code=HTTP_200_OK if health.ready else HTTP_503_SERVICE_UNAVAILABLE)
