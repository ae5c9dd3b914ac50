"""The page "How far can you trust it", written from the verification that has just been run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from sim.verification.acceptance import FAMILY

if TYPE_CHECKING:
    from models.verify.command import Verified

__all__ = ["trust_page"]

COMMAND = "carebridge verify --full --page docs/trust.md"

FULL = (
    "For means of what is easy to measure, the limit is one per cent to either side; it is wider where rare things "
    "decide, and a longer run each night narrows those."
)
QUICK = "This was a quick run, whose intervals may be some three times as wide as those of the full one."


def trust_page(done: Sequence[Verified], full: bool, seed: int) -> str:
    """Write the page for what was verified, in Markdown."""
    wrong = [(one.case.name, name) for one in done for name, found in one.found.items() if found.verdict != "agrees"]
    quantities = sum(len(one.found) for one in done)
    result = (
        f"all {quantities} agree."
        if not wrong
        else f"{len(wrong)} of {quantities} do not: " + ", ".join(f"{case} ({name})" for case, name in wrong) + "."
    )
    text = (
        files("models.verify")
        .joinpath("trust_page.md")
        .read_text("utf-8")
        .format(
            command=COMMAND,
            systems=len(done),
            quantities=quantities,
            result=result,
            narrow=FULL if full else QUICK,
        )
    )
    events = sum(one.events for one in done) / 1e6
    return "\n".join([text, *_summary(done), *_details(done), *_end(events, seed, full)]) + "\n"


def _families(done: Sequence[Verified]) -> dict[str, list[Verified]]:
    found: dict[str, list[Verified]] = {}
    for one in done:
        found.setdefault(one.case.family, []).append(one)
    return found


def _summary(done: Sequence[Verified]) -> Iterator[str]:
    yield "## The systems\n"
    yield "| system | variants | quantities | largest difference | all agree |"
    yield "|---|---:|---:|---:|---|"
    for family, members in _families(done).items():
        found = [one for member in members for one in member.found.values()]
        worst = max(abs(one.value - one.exact) / one.halfwidth for one in found if one.halfwidth > 0)
        agree = "yes" if all(member.agrees for member in members) else "**no**"
        yield f"| {family} | {len(members)} | {len(found)} | {worst:.2f} | {agree} |"
    yield "\nThe largest difference is in half-widths of its interval: below 1, the exact value lies inside.\n"


def _details(done: Sequence[Verified]) -> Iterator[str]:
    yield "## Every quantity\n"
    yield (
        "Names: L is the mean number at a station and Lq the mean number waiting, W and Wq the mean times; P is a "
        "probability; busy or in service are places in use; blocked are those who have finished and cannot leave."
    )
    for family, members in _families(done).items():
        yield f"\n### {family}\n"
        yield f"Exact answer: {members[0].case.source}.\n"
        yield "| case | quantity | exact | simulated | interval | verdict |"
        yield "|---|---|---:|---:|---|---|"
        for member in members:
            for name, one in member.found.items():
                low, high = one.value - one.halfwidth, one.value + one.halfwidth
                yield (
                    f"| {member.case.name} | {name} | {one.exact:.5g} | {one.value:.5g} "
                    f"| {low:.5g} to {high:.5g} | {one.verdict} |"
                )


def _end(events: float, seed: int, full: bool) -> Iterator[str]:
    profile = "full" if full else "quick"
    yield "\n## How it was run\n"
    yield f"Profile {profile}, seed {seed}, {events:.0f} million events. Each interval is a t interval over independent"
    yield f"replications at a confidence of 1 - 0.001 / {FAMILY}, so that all hold together with 99.9 per cent. The"
    yield "cases are in `sim/verification/`; `carebridge verify NAME` runs one of them and shows the same figures."
