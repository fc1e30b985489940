"""The key that signs tokens: where it comes from, and what is no key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.app.keys import installation_key, shared_key
from duologue.errors import StartupError
from duologue.settings import Settings

TEXT = "z5Ks1fWq0mA0Qp8o3l2hQ9s7e4XcVnYt6uJrLbKdGfE="


def settings(key: str | None = None, file: Path | None = None, state_dir: Path | None = None) -> Settings:
    return Settings(token_key=None if key is None else SecretStr(key), token_key_file=file, state_dir=state_dir)


def test_a_key_is_the_same_in_a_variable_and_in_a_file(tmp_path: Path) -> None:
    """An editor puts an end of line behind it."""
    file = tmp_path / "key"
    file.write_text(f"{TEXT}\n")

    assert shared_key(settings(TEXT)) == shared_key(settings(file=file)) == TEXT.encode()


def test_a_file_of_bytes_is_a_key_as_it_stands(tmp_path: Path) -> None:
    """Nothing is cut off, whatever its last byte is."""
    file, key = tmp_path / "key", bytes(range(224, 256)) + b"\n"
    file.write_bytes(key)

    assert shared_key(settings(file=file)) == key


def test_an_installation_makes_a_key_once(tmp_path: Path) -> None:
    """Readable by this user only; a given key comes first."""
    first = installation_key(settings(state_dir=tmp_path))

    assert installation_key(settings(state_dir=tmp_path)) == first
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600
    assert installation_key(settings(TEXT, state_dir=tmp_path)) == TEXT.encode()


@pytest.mark.parametrize(
    ("key", "content", "why"),
    [
        (None, None, "DUOLOGUE_TOKEN_KEY"),
        ("short", None, "token_key has 5 bytes"),
        (f"  {'x' * 31}\n", None, "token_key has 31 bytes"),
        (None, b"\xff" * 31, "token_key_file has 31 bytes"),
        (TEXT, TEXT.encode(), "keep one of them"),
    ],
    ids=["none", "short", "blanks", "short file", "both"],
)
def test_what_is_no_key_is_refused_with_the_fix(
    key: str | None, content: bytes | None, why: str, tmp_path: Path
) -> None:
    """Processes with keys of their own would not know each other's people."""
    file = tmp_path / "key" if content is not None else None
    if file is not None and content is not None:
        file.write_bytes(content)
    with pytest.raises(StartupError, match=why) as refused:
        shared_key(settings(key, file))

    assert "openssl rand -base64 32" in str(refused.value) or "keep one" in why
    assert TEXT not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(StartupError, match="nowhere cannot be read: No such file"):
        shared_key(settings(file=tmp_path / "nowhere"))
