"""Where media servers tell what happened: the raw body is handed on, because its signature is over each byte."""

from __future__ import annotations

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException

from duologue.ports import WebhookRefused
from duologue.services.webhooks import Webhooks

PATH = "/v1/livekit/webhook"
SIGNED_AND_UNWANTED = ("late", "unwanted", "unreadable")
"""Refused, but by no fault of the sender's key: to send it again would not help."""


@post(PATH, status_code=200, include_in_schema=False)
async def webhook(request: Request[None, None, State], webhooks: NamedDependency[Webhooks]) -> None:
    """A hook of LiveKit's."""
    try:
        await webhooks.take(await request.body(), request.headers.get("authorization", ""))
    except WebhookRefused as refused:
        if refused.why not in SIGNED_AND_UNWANTED:
            raise NotAuthorizedException("this is signed with none of our keys") from refused
