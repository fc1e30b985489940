"""`docs/explanation/faults.md` says what the tests hold."""

from __future__ import annotations

from scripts.generate_faults import PAGE, page
from tests.docs.test_docs import ROOT
from tests.e2e.faults.matrix import CASES, Fault


def test_the_page_is_what_the_tests_hold() -> None:
    """Otherwise: `make generate`."""
    assert (ROOT / PAGE).read_text() == page()


def test_no_fault_is_listed_without_a_case() -> None:
    """And none of them twice."""
    assert {case.fault for case in CASES} == set(Fault)
    assert len({str(case) for case in CASES}) == len(CASES)
