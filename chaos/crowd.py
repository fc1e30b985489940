"""The people of a run, all together: they come, are seen, and leave."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from chaos.connection import Note
from chaos.felt import Spell
from chaos.friends import Book, Friend
from chaos.options import Options
from chaos.people import Person, traits
from chaos.story import Entry, Story, Traits
from chaos.viewers import Viewer

LEAVE_WITHIN_S = 30.0
NEWCOMER_EVERY_S, STAYS_S = 3.0, 20.0


@dataclass
class Crowd:
    """The people of a run, and what they are going through."""

    story: Story
    people: list[Person] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    tasks_beside: list[asyncio.Task[None]] = field(default_factory=list)
    spells: dict[str, Spell] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Somebody saw something."""
        self.story.entries.append(entry)
        self.spells.setdefault(entry.who, Spell(entry.who)).note(entry)

    def watch(self, who: Traits) -> Note:
        """Somebody who comes with a fault is seen like anybody else."""
        self.story.people[who.name] = who
        return self.note

    def come(self, options: Options, url: str) -> None:
        """All of them at once."""
        for number in range(options.people):
            self._comes(number, options, url)
        book: Book = {}
        for number in range(options.friends):
            self._lives(Friend(number, url, options.seed, self.note, book))
        for number in range(options.viewers):
            self._lives(Viewer(number, url, options.seed, self.note))

    async def newcomers(self, options: Options, url: str) -> None:
        """Somebody comes every few seconds, and stays for a while."""
        loop = asyncio.get_running_loop()
        for number in itertools.count(options.people):
            await asyncio.sleep(NEWCOMER_EVERY_S)
            loop.call_later(STAYS_S, self._comes(number, options, url).leave)

    def _comes(self, number: int, options: Options, url: str) -> Person:
        who = traits(number, options.seed, voice=number < options.voice)
        return self._lives(Person(who, url, options.seed, self.note))

    def _lives(self, person: Person) -> Person:
        self.story.people[person.who.name] = person.who
        self.people.append(person)
        self.tasks.append(asyncio.get_running_loop().create_task(person.live(), name=person.who.name))
        return person

    def unwell(self) -> int:
        """How many are, just now."""
        return sum(spell.is_unwell for spell in self.spells.values())

    async def leave(self) -> list[str]:
        """All of them; gives who could not, or broke."""
        for person in self.people:
            person.leave()
        done, pending = await asyncio.wait(self.tasks, timeout=LEAVE_WITHIN_S)
        for task in pending:
            task.cancel()
        broken = [f"{task.get_name()} broke: {task.exception()!r}" for task in done if task.exception() is not None]
        return [*broken, *(f"{task.get_name()} could not leave" for task in pending)]

    def end(self) -> None:
        """At once."""
        for task in (*self.tasks, *self.tasks_beside):
            task.cancel()
