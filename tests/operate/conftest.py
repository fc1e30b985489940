"""A whole service, and a real Prometheus that looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Serve, serving
from tests.prometheus import Prometheus, running_prometheus, scraping


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Two gateways, a matcher, an api, Redis, PostgreSQL and LiveKit."""
    with serving(tmp_path_factory.mktemp("serve")) as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> Iterator[Prometheus]:
    """It finds the processes as an operator's does, and looks every second."""
    with running_prometheus(scraping(serve.targets)) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For whatever a test writes."""
    return tmp_path_factory.mktemp("operate")
