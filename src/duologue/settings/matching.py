"""Who meets whom, and what people may report about each other."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from duologue.matching.rules import Facet, Rules
from duologue.safety.report import OTHER, ReportTerms
from duologue.settings.section import Section

Word = Annotated[str, Field(min_length=1, max_length=32)]
Reason = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
Wait = Annotated[int, Field(ge=0, le=3_600_000)]


class FacetSettings(Section):
    """Something people can state about themselves and filter by."""

    widens_after_ms: Wait | None = Field(
        None, description="After this much waiting a wish about it is dropped. Without it: never, the facet is hard."
    )
    values: Annotated[tuple[Word, ...], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The values that there are; others are refused. Without it: any word."
    )


class MatchingSettings(Section):
    """Who meets whom."""

    facets: Annotated[dict[Word, FacetSettings], Field(max_length=8)] = Field(
        {"language": FacetSettings(widens_after_ms=8_000)}, description="What people can state and filter by."
    )
    recently_met_after_ms: Wait = Field(
        5_000, description="Waiting this long, people met lately will do where nobody else fits."
    )
    hold_ms: int = Field(
        0, ge=0, le=60_000, description="How long an arrival only lets itself be found, so that more choice gathers."
    )

    @field_validator("facets", mode="before")
    @classmethod
    def _no_list(cls, value: object) -> object:
        """Until 0.1.0 it was a list of names."""
        if isinstance(value, list | tuple):
            example = value[0] if value else "language"
            raise ValueError(  # noqa: TRY004 - pydantic turns only these into its own error
                f"facets is a table now: write [matching.facets.{example}] for each of them, "
                "with widens_after_ms = 8000 for one that may loosen, or nothing for a hard one"
            )
        return value

    def rules(self) -> Rules:
        """The same as the matcher takes it."""
        facets = tuple(Facet(name, each.widens_after_ms, each.values) for name, each in self.facets.items())
        return Rules(facets, self.recently_met_after_ms, self.hold_ms)


class ReportSettings(Section):
    """What people can report about a partner: [how it works](../howto/reports.md)."""

    reasons: Annotated[tuple[Reason, ...], Field(max_length=20)] = Field(
        ("nudity", "harassment", "hate", "violence", "minor", "spam"),
        description="What there is to choose from, besides `other`, which there always is.",
    )
    evidence: bool = Field(
        True, description="Whether a report keeps what the two wrote last: 20 lines at most, of both."
    )
    keep_days: int = Field(90, ge=1, le=3_650, description="Then a report is deleted.")

    def terms(self) -> ReportTerms:
        """The same as the service takes it."""
        return ReportTerms((*(each for each in self.reasons if each != OTHER), OTHER), self.evidence, self.keep_days)
