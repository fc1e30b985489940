"""Why is nobody matching this person, for operators, on the admin listener of every process."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_404_NOT_FOUND, HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE

from duologue.errors import BackendError, RateLimited
from duologue.ids import PersonId
from duologue.ledger import RESUME_WINDOW_MS
from duologue.services.explaining import Explained, Explainer

UNKNOWN = f"no such person in the ledger: they were last seen more than {RESUME_WINDOW_MS // 1000} s ago, or never"


class NotExplained(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    person: str
    detail: str


@get("/explain/{person:str}")
async def explain(person: FromPath[str], explainer: NamedDependency[Explainer]) -> Response[Explained | NotExplained]:
    """200 with all there is to say about a person, and of others only numbers.

    404: nobody knows them; 429: one question at a time, and one a second; 503: the store is out of reach.
    """
    try:
        explained = await explainer.explain(PersonId(person))
    except RateLimited as error:
        seconds = -(-error.retry_after_ms // 1000)
        return _refuse(person, str(error), HTTP_429_TOO_MANY_REQUESTS, {"Retry-After": str(seconds)})
    except BackendError as error:
        return _refuse(person, str(error), HTTP_503_SERVICE_UNAVAILABLE, {})
    if explained is None:
        return _refuse(person, UNKNOWN, HTTP_404_NOT_FOUND, {})
    return Response(explained, headers={"Cache-Control": "no-store"})


def _refuse(person: str, detail: str, status_code: int, headers: dict[str, str]) -> Response[Explained | NotExplained]:
    return Response(NotExplained(person, detail), status_code=status_code, headers=headers)
