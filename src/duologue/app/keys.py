"""The key that signs our tokens: given, or made once for this installation."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from duologue.errors import StartupError
from duologue.media.livekit_files import default_state_dir
from duologue.settings import Settings

KEY_BYTES = 32
MAKE_ONE = "Make one with `openssl rand -base64 32`, and give the same to every machine."


def state_dir(settings: Settings) -> Path:
    """Where this installation keeps what it made."""
    return settings.state_dir or default_state_dir()


def given_key(settings: Settings) -> bytes | None:
    """The key that the operator gave, if they did. Raises `StartupError` for one that is no good."""
    if settings.token_key is not None and settings.token_key_file is not None:
        raise StartupError("token_key and token_key_file name the key twice: keep one of them")
    if settings.token_key is not None:
        return _checked("token_key", settings.token_key.get_secret_value().encode())
    if settings.token_key_file is not None:
        return _checked("token_key_file", _read(settings.token_key_file))
    return None


def shared_key(settings: Settings) -> bytes:
    """The same, where there has to be one. Raises `StartupError`."""
    key = given_key(settings)
    if key is None:
        raise StartupError(
            "there is no key to sign tokens with, and all processes need the same. "
            f"{MAKE_ONE} Set DUOLOGUE_TOKEN_KEY to it, or token_key_file to a file that holds it."
        )
    return key


def installation_key(settings: Settings) -> bytes:
    """The given key; else one of this installation, made once and readable by this user only."""
    key = given_key(settings)
    if key is not None:
        return key
    path = state_dir(settings) / "token.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), open(path, "xb", opener=_private) as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise StartupError(f"{path} is too short for a key. Delete it; a new one is made, and guests start anew.")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartupError(f"token_key_file {path} cannot be read: {error.strerror}. {MAKE_ONE}") from error


def _checked(setting: str, key: bytes) -> bytes:
    """Text is a key as it stands, but for the end of a line: so it is the same in a file and in a variable."""
    key = key.strip() if key.isascii() else key
    if len(key) < KEY_BYTES:
        raise StartupError(f"{setting} has {len(key)} bytes, and a key has {KEY_BYTES} at least. {MAKE_ONE}")
    return key


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
