"""What all processes of a realm read and write, as a description that can be compared with one of before.

`python -m tests.store.redis.kept` records it, for a new `FORMAT`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from duologue.calls.call import Call
from duologue.ledger import Delivery, TicketGone
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Pair
from duologue.store.ledger.records import Blocks, Epoch, Gateway, Lease, Person
from duologue.store.redis.records import States

RECORDED = Path(__file__).with_name("kept.json")
ROOTS = (Person, Pair, Call, Blocks, Lease, Gateway, Epoch, States, Ticket, TicketGone, Delivery, QueueStatus)

MAY_BE_MISSING = ", or missing"

Shape = dict[str, Any]


def described() -> dict[str, Shape]:
    """Every type that is kept, by its name: fields of objects, elements of lists, values of enumerations."""
    found: dict[str, Shape] = {}
    for root in inspect.multi_type_info(ROOTS):
        _name(root, found)
    return dict(sorted(found.items()))


def _name(kind: inspect.Type, found: dict[str, Shape]) -> str:
    """What a type is called; what it is made of is put into `found`."""
    match kind:
        case inspect.Metadata(type=inner):
            return _name(inner, found)
        case inspect.StructType(cls=cls, fields=fields, tag=tag):
            _put(cls.__name__, {"tag": tag, "fields": fields}, found)
            return cls.__name__
        case inspect.NamedTupleType(cls=cls, fields=fields):
            _put(cls.__name__, {"elements": fields}, found)
            return cls.__name__
        case inspect.EnumType(cls=cls):
            found[cls.__name__] = {"values": sorted(each.value for each in cls)}
            return cls.__name__
        case inspect.UnionType(types=types):
            return " | ".join(sorted(_name(each, found) for each in types))
        case inspect.DictType(key_type=key, value_type=value):
            return f"{{{_name(key, found)}: {_name(value, found)}}}"
        case inspect.TupleType(item_types=items):
            return f"({', '.join(_name(each, found) for each in items)})"
        case (
            inspect.VarTupleType(item_type=item)
            | inspect.SetType(item_type=item)
            | inspect.FrozenSetType(item_type=item)
            | inspect.ListType(item_type=item)
        ):
            return f"[{_name(item, found)}]"
        case inspect.LiteralType(values=values):
            return f"one of {sorted(map(str, values))}"
    return type(kind).__name__.removesuffix("Type").lower()


def _put(name: str, shape: Shape, found: dict[str, Shape]) -> None:
    if name not in found:
        found[name] = {}  # it may hold itself
        for part in ("fields", "elements"):
            if part in shape:
                shape[part] = {
                    getattr(each, "encode_name", each.name): _name(each.type, found)
                    + (MAY_BE_MISSING * (not each.required))
                    for each in shape[part]
                }
        found[name] = shape


def breaks(before: dict[str, Shape], now: dict[str, Shape]) -> Iterator[str]:
    """What a process of before could not read of now, or the other way round."""
    for name, old in before.items():
        new = now.get(name)
        if new is None:
            continue  # nobody writes it any more; where it was used is told there
        if old.get("values") != new.get("values") or old.get("tag") != new.get("tag"):
            yield f"{name} has other values"
        if old.get("elements") != new.get("elements"):
            yield f"{name} is a list, and has other elements"
        yield from _changed(name, old.get("fields", {}), new.get("fields", {}))


def _changed(name: str, old: Shape, new: Shape) -> Iterator[str]:
    for field in sorted({*old, *new}):
        was, is_ = old.get(field), new.get(field)
        if was is None and is_ is not None and not is_.endswith(MAY_BE_MISSING):
            yield f"{name}.{field} is new, and must be there"
        elif is_ is None and was is not None and not was.endswith(MAY_BE_MISSING):
            yield f"{name}.{field} is gone, and had to be there"
        elif was is not None and is_ is not None and was != is_:
            yield f"{name}.{field} was {was}, and is {is_}"


if __name__ == "__main__":
    RECORDED.write_bytes(msgspec.json.format(msgspec.json.encode(described()), indent=1) + b"\n")
    sys.stdout.write(f"{RECORDED} is written\n")
