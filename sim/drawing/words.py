"""What the boxes and arrows of a drawing say: short texts about the parts of a network."""

from __future__ import annotations

from collections.abc import Sequence

from sim.clock import DAY, HOUR, MINUTE, SECOND
from sim.network.schema import Network, Patience, PlacesStep, Pool, RouteRule, Service, Source, Station, Step
from sim.services import mean_ms, resolve

__all__ = ["pool_lines", "share_text", "source_lines", "station_lines", "where_text"]

_SHORT = 30  #: characters of a label
_UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", 1))


def time_text(ms: float) -> str:
    """A length of time with three digits, in the largest unit that it fills."""
    unit, size = next(((u, s) for u, s in _UNITS if ms >= s), _UNITS[-1])
    return f"{ms / size:.3g} {unit}"


def where_text(where: dict[str, str | list[str]]) -> str:
    """Whom a rule is for; empty for everyone."""
    named = [(k, [v] if isinstance(v, str) else v) for k, v in where.items()]
    return ", ".join("/".join(v) if k == "class" else f"{k} {'/'.join(v)}" for k, v in named)


def share_text(rules: Sequence[tuple[dict[str, str | list[str]], float | list[Step] | None]], all_rules: int) -> str:
    """Share of one arrow: of every rule that names it, if that is short; the range of them otherwise.

    Parameters
    ----------
    rules : sequence of (where, share)
        The rules that name the destination.
    all_rules : int
        Number of rules of the station; those that do not name it send nobody.
    """
    plan = " (plan)" if any(isinstance(share, list) for _, share in rules) else ""
    values = [[s.value for s in x] if isinstance(x, list) else [x or 0.0] for _, x in rules]
    if all_rules == 1:
        return _range(values) + plan
    told = "; ".join(f"{where_text(w) or 'others'} {_range([v])}" for (w, _), v in zip(rules, values, strict=True))
    if len(told) <= _SHORT:
        return told + plan
    return _range(values if len(rules) == all_rules else [[0.0], *values]) + plan


def _range(values: Sequence[Sequence[float]]) -> str:
    low, high = min(min(v) for v in values), max(max(v) for v in values)
    return f"{_percent(low)} %" if low == high else f"{_percent(low)}–{_percent(high)} %"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"


def _mean(network: Network, use: Service | str) -> tuple[str, float]:
    service = network.services[use] if isinstance(use, str) else use
    return service.kind, mean_ms(resolve(service))


def service_text(network: Network, use: Service | str) -> str:
    """Kind and mean of a distribution."""
    kind, mean = _mean(network, use)
    return f"{time_text(mean)}, {'fixed' if kind == 'deterministic' else kind}"


def station_lines(network: Network, station: Station) -> list[str]:
    """Lines of a station's box below its name."""
    lines = [_places(station), *_room(station), _stay(network, station)]
    if station.turnaround is not None:
        lines.append(f"turnaround {service_text(network, station.turnaround)}")
    if station.priority:
        order = sorted(network.classes, key=lambda c: station.priority.get(c, 0))
        lines.append(f"first: {', '.join(order)}" + (", preempting" if station.preempt else ""))
    if station.holds:
        lines.append(f"holds {', '.join(dict.fromkeys(p for rule in station.holds for p in rule.pools))}")
    if any(station.reserve.values()):
        lines.append(f"kept free: {', '.join(f'{n} from {c}' for c, n in station.reserve.items() if n)}")
    if station.slots:
        lines.append(f"by appointment, {sum(s.each_hour * _hours(s) for s in station.slots)} a week")
    if station.window:
        lines.append("leave in opening hours only")
    lines += [_patience(network, p) for p in station.patience if p.then in ("leave", "die") or isinstance(p.then, dict)]
    if station.flex:
        lines.append("stays shorten as the queue grows")
    return lines


def _places(place: Station | Pool) -> str:
    if place.places == "inf":
        text = "no limit of places"
    elif isinstance(place.places, list):
        text = f"{_plan(place.places)} places (plan)"
    else:
        text = f"{place.places} place{'' if place.places == 1 else 's'}"
    if place.timetable:
        hours = [entry.places for entry in place.timetable]
        span = f"{min(hours)}" if min(hours) == max(hours) else f"{min(hours)}–{max(hours)}"
        text += f", {span} by timetable"
    return text + "".join(f", +{e.places} under pressure" for e in place.escalation)


def _plan(steps: Sequence[PlacesStep]) -> str:
    numbers = [str(step.places) for step in steps]
    return " → ".join(numbers if len(numbers) < 5 else [*numbers[:2], "…", numbers[-1]])  # noqa: PLR2004


def _room(station: Station) -> list[str]:
    room = station.waiting_room
    if isinstance(room, dict):
        pairs = [f"{c} {'no limit' if r == 'inf' else r}" for c, r in room.items()]
        text = ", ".join(pair.replace(" ", "\u00a0") for pair in pairs)
        lines = [f"waiting room: {text}"]
    elif room == "inf":
        lines = []
    else:
        lines = ["no waiting room" if room == 0 else f"waiting room {room}"]
    if station.inside_room not in (None, "inf"):
        lines.append(f"room for transfers {station.inside_room}")
    return lines


def _stay(network: Network, station: Station) -> str:
    if not isinstance(station.service, list):
        return f"stay {service_text(network, station.service)}"
    if len(station.service) == 1:
        return f"stay {service_text(network, station.service[0].use)}"
    means = [_mean(network, rule.use)[1] for rule in station.service]
    keys = dict.fromkeys(key for rule in station.service for key in rule.where)
    return f"stay {time_text(min(means))} to {time_text(max(means))}, by {', '.join(keys)}"


def _patience(network: Network, rule: Patience) -> str:
    who = where_text(rule.where)
    what = f"become {rule.then['class']}" if isinstance(rule.then, dict) else {"die": "die"}.get(rule.then, "give up")
    state = " when blocked" if rule.state == "blocked" else ""
    return f"{who + ': ' if who else ''}{what}{state} after {service_text(network, rule.after)}"


def _hours(entry: object) -> int:
    return len(entry.weekdays) * (entry.hours[1] - entry.hours[0])  # type: ignore[attr-defined]


def source_lines(network: Network, source: Source) -> list[str]:
    """Lines of a source's box below its name."""
    if source.every is not None:
        lines = [f"every {service_text(network, source.every)}"]
    elif source.times is not None:
        lines = ["at given times"]
    elif source.driven is not None:
        lines = ["as stocks hand over"]
    else:
        lines = [f"{source.rate_per_day or 0:.4g} a day"]
    cycles = [name for name in ("hour", "weekday", "week", "month") if getattr(source, name) is not None]
    lines += [f"varying by {', '.join(cycles)}"] if cycles else []
    lines += [f"growing {100 * source.growth_per_year:.3g} % a year"] if source.growth_per_year else []
    lines += ["level by plan"] if source.level else []
    if source.batch != 1:
        lines.append(f"in groups of {source.batch if isinstance(source.batch, int) else '–'.join(_ends(source.batch))}")
    lines += [f"{_percent(source.attend)} % attend"] if source.attend < 1 else []
    return lines + ([source.cls] if len(network.classes) > 1 else [])


def _ends(sizes: dict[int, float]) -> list[str]:
    return [str(min(sizes)), str(max(sizes))]


def pool_lines(network: Network, name: str) -> list[str]:
    """Lines of a shared pool's box below its name."""
    lines = [_places(network.pools[name])]
    for station_name, station in network.stations.items():
        amounts = [step.amount for rule in station.holds for step in rule.pools.get(name, [])]
        if amounts:
            low, high = min(amounts), max(amounts)
            lines.append(f"{station_name}: {low if low == high else f'{low}–{high}'} each")
    return lines


def rules_of(station: Station, to: str) -> list[RouteRule]:
    """Route rules of a station that name a destination."""
    return [rule for rule in station.routes if to in rule.to]
