"""Whatever clients send, and wherever they put it: no line of the log has it, at any level."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from msgspec import inspect as mi
from websockets import ConnectionClosed, InvalidStatus, Origin, Subprotocol, connect

from duologue import logs
from duologue.api import hooks
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol.client import ClientMessage, Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import VERSION
from duologue.settings import LogSettings
from tests.conftest import Town, open_town
from tests.log_content import offences

MARKS = {
    "token": "eyJtYXJrZWQiOjF9.eyJtYXJrZWQiOjJ9.bWFya2Vk",
    "chat": "a marked line of chat",
    "sdp": "v=0\r\na=ice-ufrag:marked",
    "address": "81.2.69.142",
}
KINDS = get_args(ClientMessage)
CLIENTS_OF_THIS_TEST = ("websockets", "httpx", "httpcore")
"""They run in this process too, and say at level debug whatever they send."""


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """The set-up is for a whole process; leave it as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    for name in CLIENTS_OF_THIS_TEST:
        logging.getLogger(name).setLevel(logging.NOTSET)


def filled(kind: mi.Type, mark: str) -> Any:
    """A value of this type with the mark wherever there is room for words."""
    match kind:
        case mi.Metadata(type=inner):
            return filled(inner, mark)
        case mi.StrType(max_length=high):
            return mark[:high]
        case mi.IntType(ge=low):
            return low or 0
        case mi.FloatType():
            return 0.5
        case mi.BoolType():
            return True
        case mi.LiteralType(values=values):
            return values[0]
        case mi.EnumType(cls=cls):
            return list(cls)[-1]
        case mi.ListType(item_type=item):
            return [filled(item, mark)]
        case mi.DictType(key_type=key, value_type=value):
            return {filled(key, mark): filled(value, mark)}
        case mi.UnionType(types=members):
            return filled(next(each for each in members if not isinstance(each, mi.NoneType)), mark)
        case mi.StructType(cls=cls, fields=fields):
            return cls(**{field.name: filled(field.type, mark) for field in fields})
    raise TypeError(f"nothing to fill {kind!r} with")


async def on_sockets(town: Town, mark: str) -> None:
    """Who is not in: in the upgrade, in each message, in what is none, and in the goodbye."""
    one_line = mark.replace("\r\n", " ")
    headers = {"X-Forwarded-For": one_line, "User-Agent": one_line, "Cookie": one_line, "Authorization": one_line}
    for origin in (one_line, f"https://{one_line}", None):
        with contextlib.suppress(InvalidStatus):
            await said_by_a_stranger(town, b"{}", origin=origin and Origin(origin), additional_headers=headers)
    for kind in KINDS:
        await said_by_a_stranger(town, codec.encode(filled(mi.type_info(kind), mark)))
    for junk in (mark, f'{{"type": "{one_line}"}}', f'{{"type": "auth", "token": 1, "{one_line}": 1}}'):
        await said_by_a_stranger(town, junk.encode(), close_reason=one_line)


async def said_by_a_stranger(town: Town, frame: bytes, close_reason: str = "", **options: Any) -> None:
    options = {"subprotocols": [Subprotocol(VERSION)], "proxy": None} | options
    async with connect(town.websocket_url, **options) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(frame.decode())
        await socket.close(1000, close_reason[:100])


async def in_talks(town: Town, mark: str) -> None:
    """Who is in a pair: each message, about their pair and about another."""
    for kind in KINDS:
        ana, ben = await town.person(), await town.person()
        for person in (ana, ben):
            await person.find(Filters(mode=Mode.TEXT))
        pair = (await ana.matched()).pair
        message = filled(mi.type_info(kind), mark)
        ours = msgspec.structs.replace(message, pair=pair) if hasattr(message, "pair") else message
        assert ana.socket is not None
        for each in (ours, message):
            with contextlib.suppress(Exception):  # the first one may have been the end
                ana.socket.send(each)
        for person in (ana, ben):
            person.close()


async def on_http(town: Town, mark: str) -> None:
    """In paths, queries, headers and bodies; and in what is no HTTP."""
    one_line = mark.replace("\r\n", " ")
    headers = {"Authorization": one_line, "Cookie": one_line, "Referer": one_line, "X-Forwarded-For": one_line}
    async with httpx.AsyncClient(base_url=town.page_url, headers=headers, trust_env=False) as client:
        await client.get(f"/{one_line}", params={one_line: mark})
        for body in ({"refresh": mark}, {"facets": {one_line: one_line}}, {one_line: 1}):
            await client.post("/v1/guest", json=body)
        for path in ("/v1/guest", hooks.PATH):
            await client.post(path, content=mark.encode(), headers={"Content-Type": "application/json"})
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(town.page_url).port)
    writer.write(f"{one_line}\r\n\r\n".encode())
    await reader.read()
    writer.close()


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
async def test_nothing_that_a_client_sends_is_logged(
    mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tokens, lines of chat, SDP and addresses, in every place there is, and at level debug."""
    logs.set_up(LogSettings(format="json", level="debug"))
    for name in CLIENTS_OF_THIS_TEST:
        logging.getLogger(name).setLevel(logging.WARNING)
    async with open_town(tmp_path) as town:
        await on_sockets(town, mark)
        await in_talks(town, mark)
        await on_http(town, mark)
    log = capsys.readouterr().err

    assert log.count('"session_ended"') == 2 * len(KINDS), "all of it was heard"
    assert '"media_reported"' in log
    assert offences(log, said=[mark, mark[:12]]) == []


def test_the_marks_would_be_found() -> None:
    """Also where a field is too short for all of one."""
    for mark in MARKS.values():
        assert offences(f'{{"event": "x", "id": {msgspec.json.encode(mark[:32]).decode()}}}', said=[mark[:12]]) != []


def test_every_place_is_filled() -> None:
    """A new message, or a new field, is tried without a line here."""
    chat = filled(mi.type_info(c.Chat), "mark")

    assert (chat.id, chat.pair, chat.text) == ("mark", "mark", "mark")
