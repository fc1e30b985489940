"""The TypeScript of the documentation, in a project that has installed the packed client."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from duologue.hooks_out.message import body_of, ping, told_of
from duologue.protocol.client import Filters
from duologue.protocol.codes import CallEnd, Mode
from duologue.protocol.server import ChatLine
from tests.conftest import Town
from tests.docs.test_docs import FENCE, PAGES, ROOT, SERVER, section
from tests.hooks_out.made import RING_MS, RINGS, START_MS, accepted, ended
from tests.packed import OF_A_PHONE, ON_A_PHONE, PACKAGES, RESOLUTIONS, check_types, compiled, install, program

HOWTO = ROOT / "docs/howto/integrate.md"
PHONES = ROOT / "docs/howto/react-native.md"
OF_THE_PAGE_ALONE = {"title", "other", "esc_again"}
NOTICE = r"^\| `(\w+)` \| (.+) \|$"

pytestmark = pytest.mark.skipif(not PACKAGES.exists(), reason="no JavaScript packages here: `make check` installs them")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's project with the client in it."""
    folder = tmp_path_factory.mktemp("project")
    install(folder)
    return folder


def examples(page: Path) -> dict[str, str]:
    """The blocks of a page by a file name each."""
    found = [(language, code) for language, code in FENCE.findall(page.read_text()) if language in {"ts", "tsx"}]
    return {f"{page.stem}-{number}.{language}": code for number, (language, code) in enumerate(found)}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_the_examples_fit_the_packed_client(project: Path, resolution: str) -> None:
    """All of them have its types as it is now, and those of React, however strict the project is."""
    files = {name: code for page in PAGES if page != PHONES for name, code in examples(page).items()}
    assert {"README-0.ts", "integrate-auth-0.ts", "integrate-0.ts", "integrate-1.tsx"} <= files.keys()
    for name, code in files.items():
        (project / name).write_text(code)

    check_types(project, sorted(files), resolution)


@pytest.mark.skipif(not OF_A_PHONE.exists(), reason="no packages of React Native here: `make test` installs them")
def test_the_examples_for_phones_fit_the_real_packages(project: Path, tmp_path: Path) -> None:
    """They have the types of React Native, LiveKit for it, and the call screen, where there is no DOM."""
    install(tmp_path, OF_A_PHONE, project / "node_modules/@duologue/client")
    files = examples(PHONES)
    assert len(files) >= 5
    for name, code in files.items():
        (tmp_path / name).write_text(code)

    check_types(tmp_path, sorted(files), "bundler", **ON_A_PHONE)


@asynccontextmanager
async def in_node(file: Path) -> AsyncIterator[None]:
    """A program that runs until it is stopped. Node.js 20 has a WebSocket only when asked for it."""
    process = await asyncio.create_subprocess_exec(program("node"), "--experimental-websocket", file)
    try:
        yield
        assert process.returncode is None, "it goes on"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_the_example_without_a_browser_talks(project: Path, town: Town) -> None:
    """In Node.js as it is, without a bundler and a window: it meets somebody and greets them."""
    code = next(code for code in examples(HOWTO).values() if "media: null" in code)
    assert SERVER in code
    (project / "talk.ts").write_text(code.replace(SERVER, town.page_url))
    file = compiled(project, "talk.ts")
    ana = await town.person()
    await ana.find(Filters(mode=Mode.TEXT))

    async with in_node(file), asyncio.timeout(20):
        await ana.matched()
        assert (await ana.expect(ChatLine)).text.startswith("Hello, ")


WAKE = """
import { incomingCall, incomingCallPayload } from "@duologue/client/push";

const { bodies, nowMs } = JSON.parse(process.argv[2]);
const pushes = bodies.map((body) => incomingCallPayload(JSON.parse(body), { bundleId: "app", nowMs }));
console.log(JSON.stringify(pushes.map((push) => push && { ...push, read: incomingCall(push.fcm.data) })));
"""


def pushes(project: Path, bodies: list[bytes], now_ms: int) -> list[Any]:
    """What the packed client makes of webhooks, as the app reads it, in a plain Node.js."""
    (project / "wake.mjs").write_text(WAKE)
    given = json.dumps({"bodies": [body.decode() for body in bodies], "nowMs": now_ms})
    made: list[Any] = json.loads(subprocess.check_output([program("node"), "wake.mjs", given], cwd=project, timeout=20))
    return made


def test_real_webhooks_become_pushes(project: Path) -> None:
    """Of a ring, and of each way in which it may end; not of a call that never rang, nor of a trial."""
    calls = [RINGS, accepted(), *(ended(reason) for reason in CallEnd if reason is not CallEnd.ANSWERED_ELSEWHERE)]
    told = [one for one in (told_of(call, START_MS) for call in calls) if one is not None]
    bodies = [body_of(one, "acme", connected=False) for one in told]

    *made, trial = pushes(project, [*bodies, ping("ping-1", START_MS)], START_MS)

    assert trial is None
    for one, push in zip(told, made, strict=True):
        kind = one.type.removeprefix("call.")
        assert (push is None) == (kind == "busy"), kind
        if push is not None:
            assert push["read"]["ended"] == (None if one.rings else kind)
            assert (push["read"]["caller"], push["read"]["ringsUntil"]) == ("Otter", START_MS + RING_MS)
            assert (push["apns"] is not None) == one.rings


def test_the_notices_are_those_of_the_page() -> None:
    """Every code that has words there is listed, with these words."""
    told = dict(re.findall(NOTICE, section(HOWTO, "Notices"), re.MULTILINE))
    words = json.loads((ROOT / "web/src/i18n/en.json").read_text())["notice"]

    assert told == {code: text for code, text in words.items() if code not in OF_THE_PAGE_ALONE}
