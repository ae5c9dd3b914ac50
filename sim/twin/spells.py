"""Spells of waiting and of being blocked, and the deadlines that patience sets them (section 17)."""

from __future__ import annotations

from sim.twin.agenda import Rank
from sim.twin.quantiles import Purpose, quantile, whole_ms
from sim.twin.stations import Entity
from sim.twin.world import World

__all__ = ["Spells"]


class Spells:
    """When patience ends.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World):
        self.world = world

    def begin(self, entity: Entity) -> None:
        """Begin a spell with somebody who has joined a queue just now."""
        entity.spell += 1
        entity.acted.clear()
        self.schedule(entity)

    def schedule(self, entity: Entity) -> None:
        """Put the earliest deadline on the agenda."""
        deadlines = self.deadlines(entity)
        entity.due = None
        if deadlines:
            at = max(min(deadlines)[0], self.world.now)
            entity.due = self.world.agenda.add_event(at, Rank.PATIENCE_END, entity.station, entity.identity, entity)

    def end(self, entity: Entity) -> None:
        """Cancel what is due, because the entity leaves its queue."""
        if entity.due is not None:
            entity.due.cancelled = True
        entity.due = None

    def deadlines(self, entity: Entity) -> list[tuple[int, int]]:
        """Deadline and number of each rule that fits and has not acted in this spell."""
        rules = self.world.rules
        found: list[tuple[int, int]] = []
        for number, rule in enumerate(rules.specs[entity.station].patience):
            if rule.state == entity.state and number not in entity.acted and rules.fits(rule.where, entity.kind):
                u, _ = self.world.draws.uniforms(Purpose.PATIENCE, entity.identity, 8 * entity.spell + number)
                found.append((entity.joined + whole_ms(quantile(rules.resolved(rule.after), u)), number))
        return found
