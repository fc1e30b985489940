"""Puts the built page into the packages that people install.

An editable install needs neither the page nor Node: `duologue dev` reads `web/dist` of the checkout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is there only during a build
    """Maps `web/dist` to `duologue/_page` in a wheel, and to itself in a source distribution, where git ignores it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to the build; raises when it was not built yet."""
        if version == "editable":
            return
        page = Path(self.root, "web", "dist")
        if not (page / "index.html").is_file():
            message = "web/dist/index.html is missing: run `make page` before building a package"
            raise FileNotFoundError(message)
        place = "duologue/_page" if self.target_name == "wheel" else "web/dist"
        build_data["force_include"][str(page)] = place
