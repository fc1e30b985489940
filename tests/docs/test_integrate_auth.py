"""The examples of docs/howto/integrate-auth.md, as an integrator would run them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.services.claims import Why
from duologue.settings.auth import AuthSettings
from tests.conftest import Town, open_town
from tests.docs.test_docs import ROOT, blocks

PAGE = ROOT / "docs/howto/integrate-auth.md"
SECRET = "what openssl would write, in as many characters and more than that"
LOCAL_NODE = ROOT / ".venv/bin/node"
NODE = str(LOCAL_NODE) if LOCAL_NODE.exists() else shutil.which("node")


def auth(number: int, folder: Path) -> dict[str, Any]:
    """The settings of the page's block of this number, with its files in a folder."""
    settings: dict[str, Any] = tomllib.loads(blocks(PAGE, "toml")[number])["auth"]
    for issuer in settings["issuers"]:
        if "secret_file" in issuer:
            issuer["secret_file"] = folder / issuer["secret_file"]
            issuer["secret_file"].write_text(SECRET)
    return settings


async def output(folder: Path, *command: str) -> list[str]:
    """The lines that a program writes, run where the secret is."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=folder)
    written, _ = await process.communicate()
    assert process.returncode == 0
    return written.decode().splitlines()


async def python(folder: Path, number: int, *arguments: str) -> list[str]:
    return await output(folder, sys.executable, "-c", blocks(PAGE, "python")[number], *arguments)


async def two_meet(town: Town, *tokens: str) -> None:
    """Who comes with these tokens is of one tenant."""
    people = [await town.person(token) for token in tokens]
    for person in people:
        await person.find(Filters(mode=Mode.TEXT))
    assert len({(await person.matched()).pair for person in people}) == 1


async def test_people_with_tokens_of_the_python_example_meet(tmp_path: Path) -> None:
    """With the settings beside it, on a server without guests."""
    settings = auth(0, tmp_path)
    tokens = [(await python(tmp_path, 0, name))[0] for name in ("ana", "ben")]

    async with open_town(tmp_path, auth=settings) as town:
        await two_meet(town, *tokens)


@pytest.mark.skipif(NODE is None, reason="no Node.js here: `make check` installs it")
async def test_people_with_tokens_of_the_node_example_meet_the_others(tmp_path: Path) -> None:
    """Both examples sign the same."""
    assert NODE is not None
    settings = auth(0, tmp_path)
    (program,) = blocks(PAGE, "js")
    (tmp_path / "sign.mjs").write_text(program)
    (by_node,) = await output(tmp_path, NODE, "sign.mjs", "ana")
    (by_python,) = await python(tmp_path, 0, "ben")

    async with open_town(tmp_path, auth=settings) as town:
        await two_meet(town, by_node, by_python)


async def test_the_key_set_of_the_example_checks_its_token(tmp_path: Path) -> None:
    """The one that it prints is published as a file instead of at an address."""
    document, token = await python(tmp_path, 1)
    (tmp_path / "jwks.json").write_text(document)
    (issuer,) = auth(1, tmp_path)["issuers"]
    issuer["jwks_file"] = tmp_path / "jwks.json"
    del issuer["jwks_url"]

    async with open_town(tmp_path, auth={"issuers": [issuer]}) as town:
        assert (await town.person(token)).ready is not None


def test_the_settings_of_the_page_hold(tmp_path: Path) -> None:
    """Each block is a whole section."""
    for number in range(len(blocks(PAGE, "toml"))):
        assert AuthSettings.model_validate(auth(number, tmp_path)).issuers


async def test_a_secret_changes_as_the_page_says(tmp_path: Path) -> None:
    """While both are there, people with either meet."""
    settings = auth(2, tmp_path)
    tokens = []
    for issuer, name in zip(settings["issuers"], ("ana", "ben"), strict=True):
        issuer["secret_file"].write_text(f"{SECRET} of {name}")
        backend = tmp_path / name
        backend.mkdir()
        shutil.copy(issuer["secret_file"], backend / "acme.secret")
        tokens += await python(backend, 0, name)

    async with open_town(tmp_path, auth=settings) as town:
        await two_meet(town, *tokens)


def test_every_reason_is_on_the_page() -> None:
    """A developer finds the word from the log."""
    page = PAGE.read_text()

    assert [why for why in Why if f"`{why}`" not in page] == []


def test_the_secret_of_the_page_is_long_enough(tmp_path: Path) -> None:
    """As openssl writes it."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    (command,) = blocks(PAGE, "sh")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, timeout=20)

    assert len((tmp_path / "acme.secret").read_bytes()) >= 64
