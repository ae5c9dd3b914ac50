"""Staff whom a plan recruits and retrains: they come into post, or leave wards, learn, and work in the community.

What the plan says is three parameters by site and group, each a number so far. The stocks follow within a day, in whole
members of staff: whoever is recruited comes to wards or to the community as vacancies are; whoever is retrained leaves
the wards for good, counts nowhere while learning, and then counts in the community. From then on they are staff as all
others: they may leave, and posts that they fill are no vacancies for usual recruitment.
"""

from __future__ import annotations

from typing import Any

from models.care.stock_part import StockPart

__all__ = ["LEARNED", "RECRUITED", "SENT", "plan_staff"]

#: parameters: staff brought into post so far; of wards, sent to learn so far; of these, done with learning so far
RECRUITED, SENT, LEARNED = "plan_recruits", "plan_sent_to_learn", "plan_learned"
MOST = 1e6  #: members of staff that a plan may move at one site


def plan_staff(part: StockPart, community: bool) -> None:
    """Let a plan bring staff in, and, where there is a community setting, move them there from wards.

    Parameters
    ----------
    part : StockPart
        With the staff of wards, and of the community if `community`; it is added to.
    community : bool
    """
    part.parameters[f"{RECRUITED}[site,group]"] = _so_far("staff whom a plan has brought into post so far")
    part.parameters["one_day"] = {"value": 1, "unit": "day"}
    part.auxiliaries["plan_coming[site,group]"] = f"MAX(0, {RECRUITED} - plan_recruited) / one_day"
    part.flows["plan_recruiting[site,group]"] = "plan_coming"
    _counter(part, "plan_recruited", "plan_recruiting", "staff whom a plan has brought into post so far")
    part.stocks["ward_staff[site,group]"]["inflows"].append("ward_plan_recruits")
    if not community:
        part.flows["ward_plan_recruits[site,group]"] = "plan_coming"
        return
    part.auxiliaries["wards_part_of_recruits[site,group]"] = {
        "equation": "XIDZ(ward_vacancies, ward_vacancies + community_vacancies, ZIDZ(ward_posts, all_posts))",
        "unit": "dimensionless",
        "about": "recruits come where vacancies are; where there are none, where posts are",
    }
    part.flows["ward_plan_recruits[site,group]"] = "plan_coming * wards_part_of_recruits"
    part.flows["community_plan_recruits[site,group]"] = "plan_coming * (1 - wards_part_of_recruits)"
    part.stocks["community_staff[site,group]"]["inflows"] += ["community_plan_recruits", "learned_work"]
    _learning(part)


def _learning(part: StockPart) -> None:
    part.parameters[f"{SENT}[site,group]"] = _so_far("staff of wards whom a plan has sent to learn so far")
    part.parameters[f"{LEARNED}[site,group]"] = _so_far("of these, those who have learned so far")
    part.stocks["ward_staff[site,group]"]["outflows"].append("sent_to_learn")
    part.stocks["plan_learning[site,group]"] = {
        "initial": 0,
        "unit": "staff",
        "inflows": "sent_to_learn",
        "outflows": "learned_work",
        "about": "staff of wards whom a plan retrains for the community, and who count in neither",
    }
    _counter(part, "plan_retrained", "plan_retraining", "staff whom a plan has moved to the community so far")
    part.auxiliaries["done_learning[site,group]"] = f"MIN(MAX(0, {LEARNED} - plan_retrained), plan_learning) / one_day"
    part.flows["sent_to_learn[site,group]"] = f"MAX(0, {SENT} - plan_retrained - plan_learning) / one_day"
    part.flows["learned_work[site,group]"] = "done_learning"
    part.flows["plan_retraining[site,group]"] = "done_learning"


def _counter(part: StockPart, name: str, inflow: str, about: str) -> None:
    part.stocks[f"{name}[site,group]"] = {"initial": 0, "unit": "staff", "inflows": inflow, "about": about}


def _so_far(about: str) -> dict[str, Any]:
    return {"value": 0, "unit": "staff", "range": [0, MOST], "about": about, "source": "a plan's moves"}
