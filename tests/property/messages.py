"""Any message of the protocol, made from its types: a new field is tried without a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import hypothesis.strategies as st
from msgspec import inspect as mi


def messages(types: Iterable[type]) -> st.SearchStrategy[Any]:
    """Messages of these types, within the limits of their fields."""
    return st.one_of([of(mi.type_info(kind)) for kind in types])


def of(kind: mi.Type) -> st.SearchStrategy[Any]:  # noqa: C901 - one case a type
    """Values of a type, as msgspec sees it."""
    match kind:
        case mi.Metadata(type=inner):
            return of(inner)
        case mi.StrType(min_length=low, max_length=high):
            return st.text(st.characters(exclude_categories=["Cs"]), min_size=low or 0, max_size=min(high or 20, 20))
        case mi.IntType(ge=low, le=high):
            return st.integers(-(2**53) if low is None else low, 2**53 if high is None else high)
        case mi.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case mi.BoolType():
            return st.booleans()
        case mi.NoneType():
            return st.none()
        case mi.LiteralType(values=values):
            return st.sampled_from(values)
        case mi.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case mi.ListType(item_type=item, max_length=high):
            return st.lists(of(item), max_size=min(high or 3, 3))
        case mi.DictType(key_type=key, value_type=value, max_length=high):
            return st.dictionaries(of(key), of(value), max_size=min(high or 3, 3))
        case mi.UnionType(types=members):
            return st.one_of([of(member) for member in members])
        case mi.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: of(field.type) for field in fields})
    raise TypeError(f"no strategy for {kind!r}")
