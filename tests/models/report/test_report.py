"""The report: one page that loads nothing, says everything, and is the same for the same outcome."""

import dataclasses
import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib import image
from matplotlib.figure import Figure
from matplotlib.text import Text

from models.care.slow import Around
from models.report import style, tables, tables_plan, words, write_report
from models.report.page import _not_modelled, render
from models.report.pictures import _beds
from models.report.tables_plan import change_rows, gate_rows, never_rows
from models.run.runner import Outcome, _simulate, summary
from models.settings.request import parse
from models.settings.settings import settings
from models.system.winter import Winter
from models.verdict.criteria_delivery import NOT_OPEN
from models.waterfall.waterfall import waterfall

VOID = {"meta", "br", "hr", "img", "input", "link", "col"}
SECTIONS = ["verdict", "criteria", "arithmetic", "charts", "baseline", "plan", "limits", "words"]
CHARTS = ["chart_beds.png", "chart_waits.png", "chart_delays.png", "chart_overlap.png", "chart_closures.png"]
CHARTS += ["chart_quarters_5y.png", "chart_quarters_sites_5y.png", "chart_gantt_5y.png", "chart_baseline.png"]


class Page(HTMLParser):
    """Collects what a page refers to, its ids and its text, and checks that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "data", "action", "srcset", "poster"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> in line {self.getpos()[0]} closes nothing")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    return _simulate(settings(parse(["replications=2", "timeline=5y", "waterfall=0", "sensitivity=0"])))


@pytest.fixture(scope="session")
def drawn() -> list[str]:
    """Texts in the charts of the page, once it is written."""
    return []


@pytest.fixture(scope="session")
def folder(outcome: Outcome, drawn: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out, save = tmp_path_factory.mktemp("report"), style.save

    def kept(fig: Figure, *args: Any) -> str:
        drawn.extend(text.get_text() for text in fig.findobj(Text))
        return save(fig, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", kept)
        assert write_report(out, outcome) == CHARTS
    return out


@pytest.fixture(scope="session")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="session")
def page(html: str) -> Page:
    return Page(html)


def test_of_two_futures_ranges_are_told_from_the_lowest_to_the_highest(page: Page, drawn: list[str]) -> None:
    assert "the range from the lowest to the highest future" in page.text and "holds 90" not in page.text
    assert "shaded: lowest to highest simulated future" in drawn and not any("90 % of" in text for text in drawn)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_page_loads_nothing(html: str, page: Page) -> None:
    assert [link for link in page.links if not link.startswith("#")] == ["money.html"]
    assert not {"script", "link", "img", "iframe", "object", "image"} & set(page.tags)
    assert "@import" not in html
    assert re.findall(r"url\((?!#)", html) == []


def test_no_heading_skips_a_level_and_wide_tables_scroll_by_themselves(html: str) -> None:
    levels = [int(n) for n in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert html.count("<table") == html.count('<div class="wide"><table') > 10


def test_html_is_well_formed_and_its_links_lead_somewhere(page: Page) -> None:
    assert page.faults == []
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link != "money.html"} <= set(page.ids)


def test_sections_are_in_order(page: Page) -> None:
    assert [i for i in page.ids if i in SECTIONS] == SECTIONS


def test_first_line_is_the_verdict(outcome: Outcome, page: Page) -> None:
    verdict = outcome.verdicts["5y"]
    heading = squeezed(page.text[page.text.index(verdict.verdict.upper()) :])
    assert f"delivered and safe in {round(2 * verdict.probability)} of 2 simulated futures; between" in heading[:120]


def test_a_planner_reads_of_simulated_futures_and_not_of_runs(outcome: Outcome, page: Page, drawn: list[str]) -> None:
    for text in (page.text, *drawn, *summary(outcome)):
        assert not re.search(r"\b(\d+|all|many|middle) runs?\b", squeezed(text)), text
    assert any("middle future" in text for text in drawn)


def test_every_criterion_is_on_the_page_and_unassessed_ones_say_so(outcome: Outcome, page: Page) -> None:
    for row in outcome.verdicts["5y"].criteria:
        assert row["id"] in page.ids
        assert row["name"] in page.text
    unassessed = [row["id"] for row in outcome.verdicts["5y"].criteria if not row["assessed"]]
    assert page.text.count("not assessed") >= len(unassessed) > 0


def test_what_the_plan_takes_for_granted_is_on_the_page(outcome: Outcome, page: Page) -> None:
    text = squeezed(page.text)
    for verdict in outcome.verdicts.values():
        figures = next(row for row in verdict.criteria if row["id"] == "K9")["figures"]
        assert len(figures) == 3
        for one in figures:
            assert one["title"] in text
    assert "middle 90\u00a0% of what was observed" in page.text and "can rule a plan out" in text
    assert page.ids.count("realism") == 1


def test_what_never_happened_names_hospitals_and_not_their_keys(outcome: Outcome) -> None:
    rows = never_rows(outcome)
    assert rows
    told = [line for line in summary(outcome) if "Who could open it" in line]
    assert told
    for text in [*(text for _, text, _ in rows), *told]:
        assert not re.search(r"\b(plymouth|exeter|torbay|north_devon)\b", text)


def test_the_gate_lists_only_what_can_hold_something_back_in_this_run(outcome: Outcome) -> None:
    asked = " ".join(gate_rows(outcome))
    assert "have their staff" in asked and "full at midnight" in asked
    assert "this year's money" not in asked and "leaders" not in asked
    around = outcome.settings.around
    led = around.model_copy(update={"change_capacity": around.change_capacity.model_copy(update={"enabled": True})})
    assert "leaders" in " ".join(gate_rows(with_around(outcome, led)))
    alone = around.model_copy(update={"workforce": around.workforce.model_copy(update={"enabled": False})})
    assert "staff" not in " ".join(gate_rows(with_around(outcome, alone)))


def test_where_and_when_tell_of_all_that_opens() -> None:
    """Reablement beds of a plan were in its first line, and in no table."""
    april = dt.date(2021, 4, 1)
    opened = {"p1": {"a": [(april, 3)]}, "p2": {"b": [(april, 2), (dt.date(2022, 4, 1), 5)]}, "beds": {}}
    plan = SimpleNamespace(services=("p2", "p1"), closures=[], opened=opened.__getitem__)
    sites = {"a": SimpleNamespace(name="A"), "b": SimpleNamespace(name="B")}
    stub: Any = SimpleNamespace(
        schedules={"5y": plan},
        observed={"business as usual": None, "5y": None},
        settings=SimpleNamespace(footprint=SimpleNamespace(sites=sites), timelines=[]),
    )
    assert list(tables_plan.opened_words(stub).values()) == ["Places at home", "Community beds"]
    assert tables_plan.site_rows(stub) == [["A", "0", "0", "3", "0"], ["B", "0", "0", "0", "5"]]
    assert tables_plan.date_rows(stub) == [["5y", "April 2021", "April 2021 to April 2022, in 2 steps", "none"]]


def test_delivery_says_what_did_not_open_in_time() -> None:
    """Of a plan that closes nothing and opens late, only that no closure was held back was said."""
    stub: Any = SimpleNamespace(
        settings=SimpleNamespace(criteria=SimpleNamespace(delivered_within_months=SimpleNamespace(value=6)))
    )
    arm: Any = SimpleNamespace(closures=[[]])
    row = {"note": f"every closure happened; 13 of 40 {NOT_OPEN}"}
    said = "13 of 40 places outside hospital were not open 6 months after the plan\u2019s end"
    assert tables._delivered(stub, arm, row) == said
    assert tables._delivered(stub, arm, {"note": "every closure happened"}) == "no beds or places are to close"


def with_around(outcome: Outcome, around: Around) -> Outcome:
    return dataclasses.replace(outcome, settings=dataclasses.replace(outcome.settings, around=around))


def test_errors_of_forecasts_are_printed_whatever_they_show(outcome: Outcome, page: Page) -> None:
    for name in ("forecast", "same_quarter", "last_quarter"):
        assert f"{outcome.baseline.errors[f'{name}_points']:.1f} points" in page.text


def test_footer_says_what_made_the_page(outcome: Outcome, page: Page) -> None:
    footer = squeezed(page.text[page.text.rindex("hash") :])
    assert outcome.settings.scenario_hash in footer
    assert "Contains public sector information licensed under the Open Government Licence v3.0." in footer


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_pictures(name: str, folder: Path, page: Page) -> None:
    pixels = image.imread(folder / name)
    assert min(pixels.shape[:2]) > 300
    assert np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0).shape[0] > 50
    assert name.removesuffix(".png") in page.ids


def test_the_steps_from_the_spreadsheet_are_on_the_page(outcome: Outcome, tmp_path: Path) -> None:
    fall = waterfall(outcome.settings, replications=2, workers=2, sites=["north_devon"])
    charts = write_report(tmp_path, dataclasses.replace(outcome, waterfall=fall))
    assert charts[0] == "chart_waterfall.png" and charts[1:] == CHARTS
    text = " ".join((tmp_path / "report.html").read_text("utf-8").split())
    assert "From the spreadsheet to the simulation, step by step" in text
    for step in fall.steps:
        assert f"{fall.row(step).beds:,.0f}" in text, step


def test_same_outcome_gives_same_bytes(outcome: Outcome, folder: Path, tmp_path: Path) -> None:
    write_report(tmp_path, outcome)
    for path in sorted(folder.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_page_without_a_fit(tmp_path: Path) -> None:
    unfitted = _simulate(settings(parse(["fit=none"])))
    assert write_report(tmp_path, unfitted) == []
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.faults == []
    assert "NO BASELINE" in page.text
    assert "has not been fitted" in page.text
    assert [i for i in page.ids if i in SECTIONS] == ["verdict", "plan", "limits", "words"]


def test_the_page_says_which_grade_of_evidence_the_verdict_hangs_on(outcome: Outcome, page: Page) -> None:
    assert "no piece of evidence graded one step better or worse would change the verdict" in squeezed(page.text)
    one = {"evidence": "Places at home", "grade": "B", "graded": "A", "verdict": "at risk"}
    verdicts = {k: dataclasses.replace(v, at_other_grades=[one]) for k, v in outcome.verdicts.items()}
    text = squeezed(Page(render(dataclasses.replace(outcome, verdicts=verdicts), [])).text)
    assert "evidence of \u201cPlaces at home\u201d graded A in place of B, the verdict would be AT RISK" in text
    assert "no piece of evidence graded" not in text


def test_page_whose_baseline_is_missed_gives_no_probability_on_top(outcome: Outcome, tmp_path: Path) -> None:
    reasons = ["beds in use at Torbay Hospital are missed by +9.0%"]
    verdicts = {k: dataclasses.replace(v, verdict="no baseline", reasons=reasons) for k, v in outcome.verdicts.items()}
    missed = dataclasses.replace(
        outcome, verdicts=verdicts, baseline=dataclasses.replace(outcome.baseline, reasons=reasons)
    )
    assert write_report(tmp_path, missed) == CHARTS
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.faults == []
    top = page.text[: page.text.index("The criteria, one by one")]
    assert "NO BASELINE" in top
    assert reasons[0] in top
    assert "simulated futures; between" not in top
    assert "support no verdict" in page.text


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [(0.0, 0, "0 %"), (1.0, 0, "100 %"), (0.001, 0, "below 1 %"), (0.999, 0, "above 99 %"), (0.0487, 1, "4.9 %")],
)
def test_nearly_nothing_is_not_nothing(share: float, digits: int, said: str) -> None:
    assert words.percent(share, digits).replace("\u00a0", " ") == said


@pytest.mark.parametrize(("x", "said"), [(-0.004, "0.0"), (2267.04, "+2,267.0"), (-3.14, "\u22123.1")])
def test_differences_carry_their_sign(x: float, said: str) -> None:
    assert words.signed(x, 1) == said


FORTY = ("plan=forty_moves", "plan.footprint=null")


@pytest.mark.parametrize(
    ("words", "there", "not_there"),
    [
        ([], "Change capacity", "Staff"),
        (["around=none"], "Staff", "Pharmacies for minor illness"),
        ([*FORTY], "Pharmacies for minor illness (move of the plan)", "More nurses (move of the plan)"),
        ([*FORTY, "around=none"], "More nurses (move of the plan)", "Calls after discharge (move of the plan)"),
        (["detail=full"], "More people in A&E", "A&E itself"),
        (["detail=full", "scenario=ageing"], "Bad winters", "More people in A&E"),
        (["detail=default"], "Bad winters", "More people in A&E"),
    ],
)
def test_what_is_left_out_is_that_of_this_run(words, there, not_there):
    names = [name for name, _ in _not_modelled(settings(parse(words)))]
    assert there in names and not_there not in names


def test_growth_says_what_it_is(outcome: Outcome) -> None:
    """Growth as it was is what shorter stays had left, and they may shorten again; a future may state another."""
    chosen = outcome.settings
    (title, net), *_ = change_rows(outcome)
    assert "0.3\xa0% a year" in title and "left after stays had grown shorter" in net and "once more" in net
    assert "1.4% a year (scenario=ageing)" in net
    still = dataclasses.replace(chosen, feedback=chosen.feedback.switched(bed_limited_response=False))
    assert "once more" not in change_rows(dataclasses.replace(outcome, settings=still))[0][1]
    older = dataclasses.replace(chosen, future=settings(parse(["scenario=ageing"])).future)
    (title, gross), *_ = change_rows(dataclasses.replace(outcome, settings=older))
    assert "1.4\xa0% a year; it may be 0.75\xa0% to 1.95\xa0%" in title and "without the plan as well" in gross


@pytest.mark.parametrize("most", [0.02, 0.7, 4, 13, 16, 60, 900])
def test_marks_of_an_axis_say_where_they_stand(most):
    ax = Figure().subplots()
    ax.set_xlim(-0.4 * most, most)
    style.exact_ticks(ax.xaxis)
    at = ax.get_xticks()
    texts = ax.xaxis.get_major_formatter().format_ticks(at)
    said = [float(t.replace(",", "").replace(words.MINUS, "-")) for t in texts]
    assert said == pytest.approx(at, abs=1e-9)


def test_the_caption_of_beds_says_that_norovirus_shuts_some(outcome: Outcome) -> None:
    """Under business as usual too; a winter of flu alone shuts none."""

    def caption(*waves: str, size: float = 1.0) -> str:
        usual = outcome.settings
        factor = {"value": size, "unit": "factor", "year": "not applicable", "basis": "not applicable"}
        data = {"name": "x", "title": "x", "waves": waves, "winters": ["2027/28", "2022/23"], "size": factor}
        future = usual.future.in_winter(Winter.model_validate(data)) if waves else usual.future
        return _beds(dataclasses.replace(outcome, settings=dataclasses.replace(usual, future=future)))

    said = "the beds stay as they were, but for some weeks of the bad winters (2022/23, 2027/28), in which infection "
    assert caption() == caption("flu_wave") and "beds stay as they were. The" in caption()
    assert f"{said}shuts up to 0.8\N{NO-BREAK SPACE}% of them." in caption("norovirus")
    assert f"{said}shuts up to 2.4\N{NO-BREAK SPACE}% of them." in caption("flu_wave", "norovirus", size=3.0)
