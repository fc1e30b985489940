"""The documentation is true where a machine can tell: links, commands, examples, names of tests and files."""

from __future__ import annotations

import ast
import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from duologue.store.redis.keys import PERMANENT, RECORD_TTL_MS
from duologue.store.sql import schema
from tests.conftest import Town

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".", "benchmarks", "clients/js", "protocol-fixtures", "docs/**")
PAGES = sorted({page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md")})
SOURCES = ROOT / "src/duologue"
SERVER = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?:\]\(|src=\")([^)\"\s]+)")
MAKE = re.compile(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
HELD = re.compile(r"`(test_\w+)`")
FILE = re.compile(r"(?<![\w/.@-])(?:src|tests|docs|clients|web|deploy|scripts|chaos|benchmarks|examples)/[\w./@-]*\w")
MADE = ("benchmarks/results/", "chaos/results/", "web/dist")
"""What is there only once something was run."""
MAPPED = re.compile(r"^\*\*`([\w/]+)/`\*\*")
OF_IT = re.compile(r"`([\w/-]+\.(?:py|ts|lua))`")
SETTING = re.compile(r"`(\w+)\.(?!(?:py|ts|md|conf|env)`)([a-z_]+)(?: = [^`]*)?`")
FIGURE = re.compile(r"\b(duologue_[a-z_]+?)(?:_bucket|_count|_sum)?\b(?![:_])")
REFERENCE = re.compile(r"^\[.+?\]: .+$", re.MULTILINE)
QUOTED = re.compile(r"\"([a-z][^\"|]+)\"")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [code for name, code in FENCE.findall(page.read_text()) if name == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(page: Path, title: str) -> str:
    """The text below a heading of the second level, up to the next one."""
    _, _, rest = page.read_text().partition(f"\n## {title}\n")
    assert rest, f"{page.name} has no section {title}"
    return rest.partition("\n## ")[0]


def targets() -> set[str]:
    """The targets of the Makefile; `bench-NAME` is one for each benchmark."""
    named = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    return named | {"bench-"} | {f"bench-{path.stem}" for path in (ROOT / "benchmarks").glob("[a-z]*.py")}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    """A file that is linked is there, and so is the heading in it."""
    for link in LINK.findall(prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pages
def test_targets_of_make_exist(page: Path) -> None:
    """Whoever types what is written there gets no `No rule to make target`."""
    named = {quoted or typed for quoted, typed in MAKE.findall(page.read_text())}

    assert named <= targets()


def test_files_that_are_named_are_there() -> None:
    """Whoever looks for one finds it, and not where it was once."""
    for page in PAGES:
        for name in FILE.findall(LINK.sub("", prose(page))):
            assert name.startswith(MADE) or (ROOT / name).exists(), f"{page.name}: {name}"


def parts() -> dict[str, str]:
    """The folders of the code map, as from the sources on, and what is said of each."""
    found: dict[str, str] = {}
    folder = ""
    for line in section(ROOT / "ARCHITECTURE.md", "Code map").splitlines():
        begins = MAPPED.match(line)
        folder = begins[1] if begins else folder if line and not line.startswith("**") else ""
        found[folder] = found.get(folder, "") + line
    return found


def test_the_code_map_has_every_package() -> None:
    """Nothing of the server is off the map."""
    packages = {path.parent.relative_to(SOURCES) for path in SOURCES.rglob("__init__.py")}
    mapped = [Path(folder) for folder in parts() if folder]

    assert [it for it in packages if not any(it.is_relative_to(one) or one.is_relative_to(it) for one in mapped)] == []


def test_the_code_map_names_files_that_are_there() -> None:
    """Each somewhere in its folder, or by its path from the sources on."""
    for folder, said in parts().items():
        here = next(place for place in (SOURCES / folder, ROOT / folder / "src", ROOT / folder) if place.is_dir())
        for name in OF_IT.findall(said):
            assert any(here.rglob(name)) or (SOURCES / name).is_file(), f"{folder}/{name}"


@pages
def test_tests_that_are_named_exist(page: Path) -> None:
    """A claim that names its test can be checked by running it."""
    for path, name in TEST.findall(prose(page)):
        file = ROOT / path

        assert file.is_file(), path
        assert not name or f"def {name}(" in file.read_text(), f"{path}::{name}"


def test_claims_name_tests_that_exist() -> None:
    """The README and the decision records name tests without their file."""
    known = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for page in PAGES:
        for name in HELD.findall(prose(page)):
            assert f"def {name}(" in known, f"{page.name}: {name}"


WITH_TITLES = [("explanation/client-rules", 4), ("explanation/warnings", 12), ("howto/media", 1)]


@pytest.mark.parametrize(("page", "at_least"), WITH_TITLES)
def test_titles_of_the_clients_tests_exist(page: str, at_least: int) -> None:
    """These pages quote them."""
    known = "".join(path.read_text() for path in (ROOT / "clients/js/src").rglob("*.test.ts"))
    titles = QUOTED.findall(REFERENCE.sub("", prose(ROOT / f"docs/{page}.md")))

    assert len(titles) >= at_least
    for title in titles:
        assert f'"{title}"' in known, title


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "docs/howto/redis.md"])
def test_every_kind_of_key_is_told_of(page: str) -> None:
    """Whoever runs the Redis finds what a key of ours is, and how long it is kept."""
    text = (ROOT / page).read_text()
    kinds = {kind if ttl_ms is None else f"{kind}:" for kind, ttl_ms in RECORD_TTL_MS.items()} | PERMANENT

    assert {kind for kind in kinds if f"`{kind}" not in text} == set()


def test_settings_and_figures_that_are_named_exist() -> None:
    """Whoever sets one or asks for one gets it; the list of changes may tell of what was."""
    settings, figures = ((ROOT / f"docs/reference/{page}.md").read_text() for page in ("configuration", "metrics"))
    sections = set(re.findall(r"^## `\[(\w+)\]`$", settings, re.MULTILINE))
    tables = set(schema.metadata.tables) | {schema.VERSION_TABLE}
    for page in set(PAGES) - {ROOT / "CHANGELOG.md"}:
        for part, name in SETTING.findall(prose(page)):
            assert part not in sections or f"`DUOLOGUE_{part}__{name}`".upper() in settings.upper(), f"{part}.{name}"
        for name in FIGURE.findall(page.read_text()):
            assert f"`{name}`" in figures or name in tables, f"{page.name}: {name}"


def test_every_invariant_names_a_test() -> None:
    """An invariant that nothing can break is a wish."""
    invariants = [line for line in section(ROOT / "ARCHITECTURE.md", "Invariants").splitlines() if line[:2] == "- "]

    assert len(invariants) >= 10
    for line in invariants:
        assert TEST.search(line) or "`make lint`" in line, line


@pages
def test_python_examples_compile(page: Path) -> None:
    """An example can be pasted."""
    for code in blocks(page, "python"):
        ast.parse(code)


async def test_the_python_example_of_the_readme_runs(town: Town) -> None:
    """Run twice against a server, the two meet and greet each other."""
    (code,) = blocks(ROOT / "README.md", "python")
    assert SERVER in code
    program = code.replace(SERVER, town.page_url)

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()

    greetings = await asyncio.gather(run(), run())

    for greeting in greetings:
        assert re.fullmatch(r"Hello, \w+!\n", greeting)


def test_the_configuration_page_is_fresh() -> None:
    """It is what the settings say now."""
    script = ROOT / "scripts/generate_configuration.py"
    result = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, timeout=30, check=False
    )

    assert result.returncode == 0, result.stdout
