"""Where the built page is, and how it is served: hashed assets for ever, everything else checked anew."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from litestar.file_system import BaseLocalFileSystem
from litestar.types import PathType
from litestar.types.file_types import FileInfo

import duologue

PACKAGE = Path(duologue.__file__).parent
CANDIDATES = (PACKAGE / "_page", PACKAGE.parent.parent / "web" / "dist")
"""In a wheel; in a checkout."""
MISSING = (
    "The page is not built. In a checkout: `npm ci && npm run build -w web` (or `make run`). "
    "The WebSocket and HTTP API work without it.\n"
)
ASSETS = "/assets/"
"""The build puts a hash into the name of everything below it."""
CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one directive a line
    (
        "default-src 'self'",
        "connect-src 'self' ws: wss: http: https:",
        "img-src 'self' data: blob:",
        "media-src 'self' blob: mediastream:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

IMPOSSIBLE = frozenset([errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP])
"""What a system says of a path that no file can have."""


class PageFiles(BaseLocalFileSystem):
    """The files of the page, as Litestar looks for them: it has a 404 for `FileNotFoundError`, a 500 for `OSError`."""

    async def info(self, path: PathType, **kwargs: Any) -> FileInfo:
        """A path that no file can have is not found; anything else is a fault of the disk."""
        try:
            return await super().info(path, **kwargs)
        except ValueError as error:  # a zero byte, or a surrogate
            raise FileNotFoundError from error
        except PermissionError as error:  # Litestar would answer 401, and name our folders
            raise OSError(f"{error.filename} is not ours to read") from error
        except OSError as error:
            if error.errno in IMPOSSIBLE:
                raise FileNotFoundError from error
            raise


def folder() -> Path | None:
    """The built page, or None where nobody built it."""
    return next((path for path in CANDIDATES if (path / "index.html").is_file()), None)


def cache_control(path: str, status: int = 200) -> str:
    """How long a browser may keep what is at this path. An error is never kept."""
    return "public, max-age=31536000, immutable" if path.startswith(ASSETS) and status < 400 else "no-cache"
