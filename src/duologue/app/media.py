"""Which media servers there are: given ones, a child of ours, or none."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from duologue.app.keys import state_dir
from duologue.app.places import webhook_url
from duologue.errors import StartupError
from duologue.ids import NodeName
from duologue.media.child import LiveKitChild
from duologue.media.fake import FakeMedia
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts
from duologue.media.livekit_node import NodeAccess
from duologue.nodes import slots_of_cores, slots_rate
from duologue.ports import Clock, Media
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import Rate
from duologue.settings import LiveKitSettings, NodeSettings, Settings


class MediaChoice(NamedTuple):
    """The media servers, what to call them, and what they can carry."""

    media: Media
    name: str
    modes: frozenset[Mode]
    child: LiveKitChild | None = None
    """Our own server: it says when it dies."""


@asynccontextmanager
async def any_media(settings: Settings, clock: Clock, *, text_only: bool) -> AsyncIterator[MediaChoice]:
    """The given servers; without any, a child of ours."""
    if text_only or is_given(settings.livekit):
        async with given_media(settings, clock, text_only=text_only) as choice:
            yield choice
        return
    async with AsyncExitStack() as stack:
        child, node = await _own_livekit(settings, stack)
        livekit = await stack.enter_async_context(LiveKit([node], clock))
        yield MediaChoice(livekit, f"our own LiveKit at {node.url}", frozenset(Mode), child)


@asynccontextmanager
async def given_media(settings: Settings, clock: Clock, *, text_only: bool) -> AsyncIterator[MediaChoice]:
    """The servers that the operator named. Raises `StartupError` when there are none and text is not all."""
    check_given(settings, text_only=text_only)
    if text_only:
        yield MediaChoice(FakeMedia({}), "none (text only)", frozenset([Mode.TEXT]))
        return
    nodes = given_nodes(settings.livekit)
    async with LiveKit(nodes, clock) as livekit:
        yield MediaChoice(livekit, f"LiveKit at {', '.join(node.url for node in nodes)}", frozenset(Mode))


def check_given(settings: Settings, *, text_only: bool) -> None:
    """Raises `StartupError` when there is none, and text is not all."""
    if not text_only and not given_nodes(settings.livekit):
        raise StartupError(
            "no media server is named. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, "
            "or name several in [[livekit.nodes]], or use --text-only."
        )


def is_given(livekit: LiveKitSettings) -> bool:
    """Whether the operator named servers."""
    return livekit.url is not None or bool(livekit.nodes)


async def _own_livekit(settings: Settings, stack: AsyncExitStack) -> tuple[LiveKitChild, NodeAccess]:
    """A LiveKit under this process, until the stack unwinds."""
    mine = settings.livekit
    child = LiveKitChild(
        ports=LiveKitPorts(http=mine.port, udp=mine.udp_port),
        state_dir=state_dir(settings),
        binary=mine.binary,
        webhook_url=webhook_url(settings),
    )
    stack.push_async_callback(child.stop)
    access = await child.start()
    public_url, slots = mine.public_url or access.url, _slots(mine.join_slots_per_s)
    return child, NodeAccess(NodeName("own"), access.url, public_url, access.api_key, access.api_secret, slots)


def given_nodes(given: LiveKitSettings) -> list[NodeAccess]:
    """The media servers that the operator named, if they did. Raises `StartupError`."""
    if given.url is None:
        return [_node_access(node) for node in given.nodes]
    if given.api_key is None or given.api_secret is None:
        raise StartupError(
            f"LIVEKIT_URL is set ({given.url}) but LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not. "
            "Set both, or unset LIVEKIT_URL to let `duologue dev` start its own LiveKit."
        )
    one = {name: getattr(given, name) for name in NodeSettings.model_fields if name != "name"}
    return [_node_access(NodeSettings(name="livekit", **one))]


def _node_access(node: NodeSettings) -> NodeAccess:
    return NodeAccess(
        name=NodeName(node.name),
        url=node.url,
        public_url=node.public_url or node.url,
        api_key=node.api_key,
        api_secret=node.api_secret.get_secret_value(),
        slots=_slots(node.join_slots_per_s),
    )


def _slots(join_slots_per_s: float | None) -> Rate:
    """Of a LiveKit whose operator said nothing: it is taken to have as many cores as this machine."""
    return slots_rate(join_slots_per_s or slots_of_cores(os.cpu_count() or 1))
