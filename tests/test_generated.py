"""What is generated from the protocol is never stale."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GENERATED = ("clients/js/src/protocol.gen.ts", "docs/reference/protocol.schema.json")
SCRIPT = "scripts/generate_protocol.py"


def check(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / SCRIPT), "--check"], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script and its results, elsewhere."""
    for name in (SCRIPT, *GENERATED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_generated_files_are_fresh() -> None:
    """Otherwise: `make generate`."""
    result = check(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", GENERATED)
def test_a_changed_file_is_noticed(copy: Path, name: str) -> None:
    """The check names it, and writes nothing."""
    changed = (copy / name).read_text().replace("heartbeat_ms", "heart_ms")
    (copy / name).write_text(changed)
    result = check(copy)

    assert result.returncode == 1
    assert name in result.stdout
    assert (copy / name).read_text() == changed


def test_a_missing_file_is_noticed(copy: Path) -> None:
    """As stale as a changed one."""
    (copy / GENERATED[0]).unlink()

    assert check(copy).returncode == 1
    assert not (copy / GENERATED[0]).exists()
