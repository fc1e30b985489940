"""What Prometheus reads of each process, on its admin listener."""

from __future__ import annotations

from litestar import Response, get

from duologue.metrics.exposition import CONTENT_TYPE, expose


@get("/metrics", sync_to_thread=False)
def metrics() -> Response[bytes]:
    """The figures of this process, as they are now."""
    return Response(expose(), media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
