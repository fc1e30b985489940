"""The yardstick of the gateway benchmark: the WebSocket library that Duologue uses, and nothing on top.

`python -m benchmarks.relay.picows_echo HOST PORT`, until it is killed. Each text frame goes back on the socket that it
came from: no JSON, no partner, no token, no limits, no pings.
"""

from __future__ import annotations

import asyncio
import gc
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from duologue.app.process import GC_THRESHOLDS


class Echo(WSListener):
    """One socket."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Send a text frame back."""
        if frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


def _accept(request: WSUpgradeRequest) -> WSListener:  # noqa: ARG001 - picows' signature
    return Echo()


async def serve(host: str, port: int) -> None:
    """Run until somebody kills this process."""
    # The buffer is the one that Duologue sets; picows' default takes twice the memory.
    server = await ws_create_server(_accept, host, port, read_buffer_init_size=1024, backlog=1024)
    gc.set_threshold(*GC_THRESHOLDS)
    gc.collect()
    gc.freeze()
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
