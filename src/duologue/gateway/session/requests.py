"""What a client may ask for while it is live, how often, and what becomes of it.

Most is carried out elsewhere (`Perform`), and answered there; here it is only seen to that it is fit for that.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from duologue.gateway import events as ev
from duologue.gateway.session import ending, replies
from duologue.gateway.session.client import Client, Commands
from duologue.ledger import Attention, Probe
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, ErrorCode, MediaEvent
from duologue.safety.text import without_controls


def received(client: Client, message: c.ClientMessage, now_ms: int) -> Commands:
    """The client spoke: a sign of life, and something to do."""
    asked_for = client.heart.asked and isinstance(message, c.Pong)  # what we asked for is free
    if not asked_for and client.meters.any(now_ms):
        return ending.close(client, CloseCode.RATE_LIMITED, "too many messages")
    if client.heart.heard(now_ms):
        attention = Attention.HIDDEN if client.hidden else Attention.VISIBLE
        return [ev.Attend(attention), *_dealt_with(client, message, now_ms)]
    return _dealt_with(client, message, now_ms)


def _dealt_with(client: Client, message: c.ClientMessage, now_ms: int) -> Commands:
    match message:
        case c.Typing(pair):
            return _typing(client, pair, now_ms)
        case c.Chat():
            return _chat(client, message, now_ms)
        case c.Pong():
            return []
        case c.Report(text=text):
            return _unless_too_fast(client, msgspec.structs.replace(message, text=without_controls(text)), now_ms)
        case (
            c.Find() | c.Next() | c.Back() | c.Block() | c.Unblock() | c.BlockedList() | c.CallLink() | c.Diagnostics()
        ):
            return _unless_too_fast(client, message, now_ms)
        case c.MediaReport():
            client.note_said(message)
            return [*_doubt_partner(client, message), ev.Perform(message)]
        case c.Hidden() | c.Mute():
            client.note_said(message)
            return [ev.Perform(message)]
        case c.Cancel() | c.Leave() | c.Call() | c.Accept() | c.Decline() | c.CancelCall():
            return [ev.Perform(message)]
        case c.Refresh(id_, token):
            return [ev.Renew(id_, token)]
        case c.Bye():
            return ending.goodbye(client)
        case c.Auth() | c.Resume() | c.StandBy():
            return ending.close(client, CloseCode.PROTOCOL_ERROR, "you are in already")
    assert_never(message)


def _unless_too_fast(client: Client, command: c.Command, now_ms: int) -> Commands:
    match command:
        case c.Find() | c.Next() | c.Back():
            wait_ms = client.meters.find(now_ms)
        case c.Diagnostics():
            wait_ms = client.meters.diagnostics(now_ms)
        case _:
            wait_ms = client.meters.blocks(now_ms)
    if wait_ms:
        return [replies.too_fast(command.id, wait_ms)]
    match command:
        case c.BlockedList(id_):
            return [ev.ListBlocks(id_)]
        case c.CallLink(id_, renew):
            return [ev.TellLink(id_, renew)]
    return [ev.Perform(command)]


def _typing(client: Client, pair_id: str, now_ms: int) -> Commands:
    pair = client.in_pair(pair_id)
    if pair is None or client.meters.chat(now_ms):
        return []
    return [ev.Relay(pair.peer(client.person).person, s.PeerTyping(pair_id))]


def _chat(client: Client, chat: c.Chat, now_ms: int) -> Commands:
    wait_ms = client.meters.chat(now_ms)
    if wait_ms:
        return [replies.too_fast(chat.id, wait_ms)]
    text = without_controls(chat.text)
    if not text:
        return [replies.refused(chat.id, ErrorCode.BAD_REQUEST, "nothing but control characters")]
    return [ev.Perform(chat if text == chat.text else msgspec.structs.replace(chat, text=text))]


def _doubt_partner(client: Client, report: c.MediaReport) -> Commands:
    """When the media of one side is in trouble, the other one may be dead: ask them."""
    pair = client.in_pair(report.pair)
    if pair is None or report.event not in (MediaEvent.RECONNECTING, MediaEvent.FAILED):
        return []
    return [ev.Relay(pair.peer(client.person).person, Probe(pair.id))]
