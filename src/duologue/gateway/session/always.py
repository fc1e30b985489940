"""What is the same in every state before the end.

A command that was taken is answered whatever happened to the session meanwhile: one reply, or a close.
"""

from __future__ import annotations

from typing import assert_never

from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.session import ending, replies
from duologue.gateway.session.client import Client, Commands, State
from duologue.ledger import Outcome
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, ErrorCode


def always(client: Client, event: ev.Event, now_ms: int) -> Commands:
    """What no state deals with by itself."""
    match event:
        case ev.Answered(id_, outcome, left, sought):
            client.note_answer(left, sought)
            return _answered(client, id_, outcome)
        case ev.Refreshed(id_, resume_token, expires_ms):
            if client.state is not State.ENTERING:  # then `ready` says when
                client.expire_at(expires_ms)
            return [ev.Send(s.Refreshed(resume_token, expires_ms)), replies.done(id_)]
        case ev.Listed(id_, blocks):
            return [ev.Send(views.blocked(blocks)), replies.done(id_)]
        case ev.LinkTold(id_, link):
            return [ev.Send(s.PersonalLink(link)), replies.done(id_)]
        case ev.NotKnown(id_):
            return _not_known(client, id_, now_ms)
        case ev.Violated(code, detail):
            return ending.close(client, code, detail)
        case ev.CutOff(code, retry_after_ms):
            return ending.close(client, code, code.name.lower(), retry_after_ms)
        case ev.Closed():
            ending.finish(client)
            return ending.over(client, event, now_ms)
    return []


def _not_known(client: Client, id_: str | None, now_ms: int) -> Commands:
    """A newer client must be able to live with us, while servers are replaced: it is told, and nothing else happens."""
    if client.state not in (State.LIVE, State.STANDBY):
        return ending.close(client, CloseCode.PROTOCOL_ERROR, "not known to this version")
    if client.meters.any(now_ms):
        return ending.close(client, CloseCode.RATE_LIMITED, "too many messages")
    return [] if id_ is None else [replies.refused(id_, ErrorCode.NOT_AVAILABLE, "not known to this version")]


def _answered(client: Client, id_: str, outcome: Outcome | s.CommandError) -> Commands:
    match outcome:
        case Outcome.DONE:
            return [replies.done(id_)]
        case Outcome.REFUSED:
            return [replies.refused(id_, ErrorCode.BAD_REQUEST, "not possible in your present state")]
        case Outcome.STALE:
            return [replies.not_active(id_)]
        case Outcome.GONE:
            return ending.close(client, CloseCode.RESYNC, "come in again")
        case s.CommandError():
            return [replies.failed(id_, outcome)]
    assert_never(outcome)
