"""What ARCHITECTURE.md promises of each fault is what the suite asserts."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.__main__ import main
from chaos.faults import FAULTS

TABLE = Path(__file__).parents[2] / "ARCHITECTURE.md"


def documented() -> list[str]:
    """The rows of the table, under its heading."""
    _, _, rest = TABLE.read_text().partition("\n### Faults of the chaos suite\n")
    lines = rest.partition("\n#")[0].splitlines()
    return [line for line in lines if line.startswith("| ")][1:]


def test_the_table_and_the_code_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """Row by row; `python -m chaos --list` prints them."""
    assert main(["--list"]) == 0
    rows = capsys.readouterr().out.splitlines()

    assert documented() == rows
    assert len(rows) == len(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_what_it_is(name: str) -> None:
    """Its bound is one, it ends, and it says what people see of it."""
    fault = FAULTS[name]

    assert 0 < fault.within_s <= 90
    assert 0 <= fault.lasts_s[0] <= fault.lasts_s[1] <= 30
    assert fault.what
    assert fault.seen
