"""Pages about the published models: what they are, why figures differ, and the tables of a run."""

from __future__ import annotations

from importlib.resources import files

from models.published.tables import Outcome

__all__ = ["page"]


def page(outcome: Outcome) -> str:
    """Write the page of a published model in Markdown, with the tables of a run."""
    wrong = [check.name for check in outcome.checks if not check.covers]
    agree = "all agree" if not wrong else f"{len(wrong)} do not agree: {'; '.join(wrong)}"
    verdict = (
        "Intervals in the tables are at 95 per cent; the verdict uses wider ones that hold together for all figures. "
        f"Of {len(outcome.checks)} figures compared, **{agree}**."
    )
    text = files("models.published").joinpath("text", f"{outcome.name}.md").read_text("utf-8")
    return text.format(
        verdict=verdict,
        tables="\n\n".join(table.markdown() for table in outcome.tables),
        replications=outcome.replications,
        seed=outcome.seed,
        **outcome.words,
    )
