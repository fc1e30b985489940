"""How the cases of the matrix become tests: which of them run every day, and how long each took."""

from __future__ import annotations

from typing import Protocol

import pytest

from tests.e2e.faults.matrix import CASES, Case, Fault


class Recovered(Protocol):
    """To be told after how many seconds all was well again."""

    def __call__(self, case: Case, after_s: float) -> None: ...


def each(*faults: Fault) -> pytest.MarkDecorator:
    """A test for each case of these faults; the long ones run only where they are asked for."""
    cases = [case for case in CASES if case.fault in faults]
    marked = [pytest.param(case, marks=() if case.daily else pytest.mark.long) for case in cases]
    return pytest.mark.parametrize("case", marked, ids=str)
