"""Sets a side up: its LiveKit, its server, its two people, and the network between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from playwright.sync_api import Browser

from benchmarks.media.far import NEAR, Ports, far_machine
from benchmarks.media.pages import Tab
from benchmarks.media.servers import Flavour, Node, behind_the_link, duologue, free_ports, fresh_keys, livekit
from benchmarks.media.sides import Bare, Product
from benchmarks.relay.processes import free_port
from duologue.media.livekit_config import LiveKitKeys, LiveKitPorts

MakeFlavour = Callable[[LiveKitKeys, LiveKitPorts], Flavour]


@dataclass
class Scene:
    """Where all sides are: one browser, and one network, which is none while both numbers are 0."""

    stack: ExitStack
    """Ends what was started."""
    browser: Browser
    origin: str
    rtt_ms: float = 0
    loss: float = 0
    script: str | None = None
    """Runs in each page before anything else."""

    def bare(self, flavour: MakeFlavour) -> Bare:
        """Two people with the SDK alone."""
        node = self._node(flavour)
        host = self._host([node.ports.http], [node.ports.udp])
        return Bare(node, self._people("bare.html"), url=f"ws://{host}:{node.ports.http}")

    def product(self, name: str, flavour: MakeFlavour, fast_start: dict[str, bool] | bool) -> Product:
        """Two people of Duologue. Parts of the fast start that are not named are on."""
        node = self._node(flavour)
        http, websocket = free_port(NEAR), free_port(NEAR)
        server = self.stack.enter_context(duologue(node, self.origin, (http, websocket)))
        host = self._host([node.ports.http, websocket], [node.ports.udp])
        config = server.config | {"websocket_url": f"ws://{host}:{websocket}"}
        options = {"config": config, "fastStart": fast_start, "host": host}
        return Product(node, server, self._people("product.html"), options, name=name)

    def _people(self, page: str) -> list[Tab]:
        return [Tab(self.browser, f"{self.origin}/{page}", self.script) for _ in range(2)]

    def _node(self, flavour: MakeFlavour) -> Node:
        keys, ports = fresh_keys(), free_ports()
        made = flavour(keys, ports)
        return self.stack.enter_context(livekit(behind_the_link(made) if self._far else made, keys, ports))

    def _host(self, tcp: Sequence[int], udp: Sequence[int]) -> str:
        """The address to use: the near one, or that of the far machine."""
        if not self._far:
            return NEAR
        return self.stack.enter_context(far_machine(Ports(tcp, udp), rtt_ms=self.rtt_ms, loss=self.loss))

    @property
    def _far(self) -> bool:
        return bool(self.rtt_ms or self.loss)
