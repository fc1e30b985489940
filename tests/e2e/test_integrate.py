"""The plain page of `docs/howto/integrate.md`, put together as it says there, by somebody whose page is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.media.pages import served
from tests.docs.test_docs import ROOT, SERVER, blocks
from tests.e2e.browsers import Browsers
from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import Invite, inviting
from tests.e2e.person import WITHIN_MS, Person
from tests.e2e.servers import Dev
from tests.packed import install

HOWTO = ROOT / "docs/howto/integrate.md"


class DevForOthers(Dev):
    """It lets the page of another origin in."""

    def __init__(self, state_dir: Path, origin: str) -> None:
        self._origin = origin
        super().__init__(state_dir)

    def _variables(self) -> Mapping[str, str]:
        return {"DUOLOGUE_GATEWAY__ORIGINS": json.dumps([self._origin])}


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """Somebody's page, and the packed client."""
    folder = tmp_path / "product"
    folder.mkdir()
    install(folder)
    (index,) = blocks(HOWTO, "html")
    (folder / "index.html").write_text(index)
    (folder / "main.ts").write_text(blocks(HOWTO, "ts")[0])
    return folder


@pytest.fixture
def origin(product: Path) -> Iterator[str]:
    """Where it is served."""
    with served(product, product / "dist") as origin:
        yield origin


@pytest.fixture
def server(product: Path, origin: str, tmp_path: Path) -> Iterator[Dev]:
    """Each of the two has to know where the other is, so that is written into the page once it is built."""
    server = DevForOthers(tmp_path, origin)
    for file in product.glob("dist/assets/*.js"):
        file.write_text(file.read_text().replace(SERVER, server.url))
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture
def invite(server: Dev, browsers: Browsers) -> Iterator[Invite]:
    """Somebody new, whose console holds no warning at the end."""
    with inviting(server, browsers) as invite:
        yield invite


def sees_a_picture(person: Person) -> None:
    """It moves, and there is sound with it."""
    person.page.wait_for_function(
        "() => { const {srcObject, videoWidth, currentTime} = document.querySelector('#partner');"
        " return videoWidth > 0 && currentTime > 0.2 && srcObject.getTracks().length === 2; }",
        timeout=WITHIN_MS,
    )


def test_the_plain_page_of_the_howto_talks(invite: Invite, origin: str) -> None:
    """Two guests on a page of another origin see each other, and when one stops, the other looks for somebody else."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    for person in (ana, ben):
        person.page.goto(origin)
        person.page.locator("#go").click()
    for person in (ana, ben):
        expect(person.page.locator("#status")).to_contain_text("You talk with", timeout=WITHIN_MS)
        sees_a_picture(person)

    ben.page.locator("#stop").click()

    expect(ana.page.locator("#status")).to_have_text("Looking for someone.")
