"""What a transition looked at and did not change is not written."""

from __future__ import annotations

import msgspec
import pytest

from duologue.errors import Damaged
from duologue.ids import PersonId
from duologue.store.ledger.records import Blocks
from duologue.store.redis.keys import Keys
from duologue.store.redis.records import Bounds, LoadedRecords
from duologue.store.redis.scripts import Loaded
from duologue.store.redis.tables import NotLoaded
from tests.builders import ANA, BEN, NOW

KEYS = Keys("r")


def loaded(**values: bytes | None) -> LoadedRecords:
    """Blocks of people, as they came from Redis."""
    records = {KEYS.record("blocks", name): value for name, value in values.items()}
    return LoadedRecords(Loaded(NOW * 1_000, records, "life"), set(), KEYS, Bounds(), NOW)


@pytest.mark.parametrize("people", [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]])
def test_a_set_in_another_order_is_no_change(people: list[str]) -> None:
    """Each process has an order of its own: a record that was only read would be written, and others try again."""
    records = loaded(ana=b"7\n" + msgspec.json.encode({"people": people, "told_ms": NOW}))

    assert records.blocks[ANA].people == {"a", "b", "c"}
    assert records.changes() is None


def test_a_change_is_written_under_the_next_version() -> None:
    """And holds only if the record is as it was."""
    records = loaded(ana=b'7\n{"people":["a"]}')
    records.blocks[ANA] = Blocks({PersonId("b")})

    changes = records.changes()

    assert changes is not None
    assert changes.guards == {"{r}:blocks:ana": "7"}
    (command,) = changes.commands
    assert command[:3] == ("SET", "{r}:blocks:ana", '8\n{"people":["b"]}')


def test_a_new_record_begins_at_the_time_of_redis() -> None:
    """So a record that was deleted and made anew is not taken for the old one."""
    records = loaded(ana=None)
    records.blocks[ANA] = Blocks()

    changes = records.changes()

    assert changes is not None
    assert changes.guards == {"{r}:blocks:ana": ""}
    assert str(changes.commands[0][2]).startswith(f"{NOW}000\n")


def test_what_was_not_asked_for_is_fetched() -> None:
    """Not taken for missing."""
    with pytest.raises(NotLoaded) as missing:
        loaded(ana=None).blocks.get(BEN)

    assert missing.value.key == "{r}:blocks:ben"


def test_what_nobody_looks_at_is_not_decoded() -> None:
    """Garbage beside the way hurts nobody."""
    records = loaded(ana=b"garbage", ben=b'7\n{"people":[]}')

    assert records.blocks[BEN] == Blocks()
    with pytest.raises(Damaged, match="blocks:ana"):
        records.blocks.get(ANA)
