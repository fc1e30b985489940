"""The files to begin with: whole, fresh, and nothing in them but the defaults."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from duologue.settings import LIVEKIT_VARIABLES, Settings, load

ROOT = Path(__file__).parent.parent
SETTING = re.compile(r"^#(\w+ = .+)$", re.MULTILINE)
VARIABLE = re.compile(r"^#(DUOLOGUE_\w+)=(.+)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and a clean environment."""
    monkeypatch.chdir(tmp_path)
    for variable in ("REDIS_URL", "DATABASE_URL", *LIVEKIT_VARIABLES.values()):
        monkeypatch.delenv(variable, raising=False)


def test_they_are_fresh() -> None:
    """Otherwise: `make generate`."""
    script = ROOT / "scripts/generate_configuration.py"
    result = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, timeout=30, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_toml_changes_nothing_as_it_is(tmp_path: Path) -> None:
    """Whoever copies it has what they had."""
    (tmp_path / "duologue.toml").write_text((ROOT / "duologue.example.toml").read_text())

    assert load() == Settings()


def test_the_toml_has_each_default_as_it_is(tmp_path: Path) -> None:
    """With the marks taken away it is a file that loads, and says the same."""
    text = SETTING.sub(r"\1", (ROOT / "duologue.example.toml").read_text())
    (tmp_path / "duologue.toml").write_text(text)

    assert load() == Settings()
    assert tomllib.loads(text)["matching"]["facets"]["language"] == {"widens_after_ms": 8_000}


def test_the_toml_has_every_setting() -> None:
    """Also those that have no default."""
    text = (ROOT / "duologue.example.toml").read_text()
    for section, field in Settings.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {section: field})
        for name in fields:
            assert re.search(rf"^#{name} =|[\[.]{name}[\].]", text, re.MULTILINE), f"{section}.{name}"


def test_the_variables_have_each_default_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell would read them."""
    found = VARIABLE.findall((ROOT / ".env.example").read_text())
    for name, value in found:
        monkeypatch.setenv(name, shlex.split(value)[0])

    assert load() == Settings()
    assert len(found) > 50
