"""This machine: files, ports, the state directory and the key in it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import shutil
import socket
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp

from duologue.app.keys import KEY_BYTES, shared_key, state_dir
from duologue.doctor.finding import Finding, ok, problem, warning
from duologue.doctor.run import Subject
from duologue.settings import Settings

OTHER_FILES = 500
"""Of a gateway, beside its sockets: connections to Redis, LiveKit and the database, logs, libraries."""
LEAST_FREE_BYTES = 100 * 2**20
ANSWER_WITHIN_S = 2.0
SUBPROTOCOL = "duologue.v1"


# -- files -----------------------------------------------------------------------------------


async def examine_files(subject: Subject) -> Sequence[Finding]:
    """The check."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return [judge_files(hard, subject.settings.gateway.max_connections, dev=subject.dev)]


def judge_files(hard: int, connections: int, *, dev: bool = False) -> Finding:
    """The soft limit is raised at the start; the hard one is the operator's. Nobody fills it in `duologue dev`."""
    needed = connections + OTHER_FILES
    if hard == resource.RLIM_INFINITY or hard >= needed:
        return ok("open files", f"{'any number' if hard == resource.RLIM_INFINITY else f'{hard:,}'} allowed")
    fix = f"LimitNOFILE={needed} in the systemd unit, ulimit -Hn {needed}, or lower gateway.max_connections"
    judged = warning if dev else problem
    return judged("open files", f"{hard:,} at most, and gateway.max_connections is {connections:,}", fix)


# -- ports -----------------------------------------------------------------------------------


class Listener(NamedTuple):
    """A port that Duologue wants."""

    setting: str
    host: str
    port: int
    kind: socket.SocketKind = socket.SOCK_STREAM


async def examine_ports(subject: Subject) -> Sequence[Finding]:
    """The check."""
    return await asyncio.gather(*(_examine_port(each) for each in listeners(subject.settings, dev=subject.dev)))


def listeners(settings: Settings, *, dev: bool) -> list[Listener]:
    """What is listened on here."""
    http, gateway, livekit = settings.http, settings.gateway, settings.livekit
    found = [Listener("http.port", http.host, http.port), Listener("gateway.port", gateway.host, gateway.port)]
    if not dev:
        found.append(Listener("admin.port", settings.admin.host, settings.admin.port))
    elif livekit.url is None and not livekit.nodes:
        found.append(Listener("livekit.port", "127.0.0.1", livekit.port))
        found.append(Listener("livekit.udp_port", "127.0.0.1", livekit.udp_port, socket.SOCK_DGRAM))
    return found


async def _examine_port(listener: Listener) -> Finding:
    failure = _bind(listener)
    is_ours = failure == errno.EADDRINUSE and await _is_ours(listener)
    return judge_port(listener, failure, is_ours=is_ours)


def judge_port(listener: Listener, failure: int | None, *, is_ours: bool) -> Finding:
    """`failure`: why it cannot be bound, as an errno."""
    what, where = listener.setting, f"{listener.host}:{listener.port}"
    if failure is None:
        return ok(what, f"{where} is free")
    if is_ours:
        return ok(what, f"a Duologue listens on {where} already")
    if failure == errno.EADDRINUSE:
        look = f"ss -{'u' if listener.kind is socket.SOCK_DGRAM else 't'}lnp 'sport = :{listener.port}'"
        return problem(what, f"{where} is taken by another program", f"end it ({look}), or set {what} to a free one")
    if failure == errno.EACCES:
        return problem(what, f"{where} needs privileges", f"set {what} to one from 1024 on, with a proxy before it")
    section = what.partition(".")[0]
    return problem(what, f"{where}: {os.strerror(failure)}", f"set {section}.host to an address of this machine")


def _bind(listener: Listener) -> int | None:
    """Bind it for a moment; gives the errno of a failure."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    with socket.socket(family, listener.kind) as sock:
        if listener.kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((listener.host, listener.port))
        except socket.gaierror:
            return errno.EADDRNOTAVAIL
        except OSError as error:
            return error.errno
    return None


async def _is_ours(listener: Listener) -> bool:
    """Whether it is a Duologue that answers there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(listener.host, listener.host)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        async with aiohttp.ClientSession(timeout=timeout) as session:
            if listener.setting == "gateway.port":
                async with session.ws_connect(f"ws://{host}:{listener.port}/", protocols=[SUBPROTOCOL]) as ws:
                    return ws.protocol == SUBPROTOCOL
            async with session.get(f"http://{host}:{listener.port}/health/live") as answer:
                return bool(answer.status == 200 and (await answer.json()).get("live"))
    return False


# -- the state directory -----------------------------------------------------------------------


async def examine_state(subject: Subject) -> Sequence[Finding]:
    """The check."""
    return [_judge_folder(state_dir(subject.settings))]


def _judge_folder(folder: Path) -> Finding:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    fix = f"let this user write to it: chown {os.getuid()} {there}; or set state_dir"
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        return problem("state_dir", f"{there} cannot be written: {error.strerror}", fix)
    return judge_space(folder, free)


def judge_space(folder: Path, free: int) -> Finding:
    """Whether there is room."""
    seen = f"{folder} can be written, {free / 2**30:,.1f} GiB are free"
    if free < LEAST_FREE_BYTES:
        return warning("state_dir", seen, "make room on its disk, or set state_dir to another one")
    return ok("state_dir", seen)


# -- the key -------------------------------------------------------------------------------------


async def examine_key(subject: Subject) -> Sequence[Finding]:
    """The check. Raises `StartupError` where the key is missing or no good, as the start would."""
    settings = subject.settings
    path = settings.token_key_file
    if path is None and settings.token_key is None and subject.dev:
        path = state_dir(settings) / "token.key"
        if not path.exists():
            return [ok("token key", f"{path} is made at the first start")]
    elif path is None:
        shared_key(settings)
        return [ok("token key", "given by token_key; it has to be the same on all machines")]
    try:
        status = path.stat()
    except OSError as error:
        return [
            problem("token key", f"{path}: {error.strerror}", f"chown {os.getuid()} {path}, or correct token_key_file")
        ]
    return [judge_key(path, status.st_mode, status.st_size, readable=os.access(path, os.R_OK))]


def judge_key(path: Path, mode: int, size: int, *, readable: bool = True) -> Finding:
    """It signs who people are, so it is for this user only."""
    if not readable:
        return problem("token key", f"{path} cannot be read by this user", f"chown {os.getuid()} {path}")
    if size < KEY_BYTES:
        return problem(
            "token key",
            f"{path} has {size} bytes",
            f"openssl rand -base64 32 > {path}, the same on all machines; who is signed in starts anew",
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return problem("token key", f"{path} is open to others: mode {stat.S_IMODE(mode):03o}", f"chmod 600 {path}")
    return ok("token key", f"{path}, for this user only")
