"""What all sections of the configuration have in common."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from duologue.errors import StartupError


class Section(BaseModel):
    """A section of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def relation(shorter: str, sign: str, longer: str, section: BaseModel) -> str:
    """What to say of two settings that contradict each other."""
    low, high = getattr(section, shorter), getattr(section, longer)
    return f"{shorter} ({low}) {sign} {longer} ({high}) must hold: lower {shorter}, or raise {longer}"


def text_in(path: Path, setting: str) -> str:
    """What the file that `setting` names holds, without blanks around it. Raises `StartupError`."""
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"{setting} {path} cannot be read: {error}") from error


def refuse_namesakes(names: Iterable[str], what: str) -> None:
    """Raise `ValueError` where two have the same name: logs could not tell them apart."""
    seen = list(names)
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise ValueError(f"two {what} are called {', '.join(twice)}: give each a name of its own")


def networks_in(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same, where each is a network or an address. Raises `ValueError`."""
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise ValueError(f"{error}: write a network such as 10.0.0.0/8 or an address") from error
    return texts
