"""Rules that random networks hardly ever reach: worked by hand from ``docs/semantics.md`` and run by both programs."""

from tests.sim.by_hand import Outcome, arriving, network, station


def test_of_equal_priorities_the_highest_class_gives_way() -> None:
    # a started after b, but b is the higher class: it gives way to c, which stays 3-13, and goes on when a is done.
    ward = station(2, 10, preempt="resume", priority={"a": 1, "b": 1, "c": 0})
    sources = [arriving("ward", [hour], cls) for cls, hour in (("b", 1), ("a", 2), ("c", 3))]
    seen = Outcome(network({"ward": ward}, *sources, classes=["a", "b", "c"]))
    once = {"arrived": 1, "started": 1, "served": 1, "left": 1}
    assert seen.flows("ward", "a") == seen.flows("ward", "c") == once
    assert seen.flows("ward", "b") == {**once, "preempted": 1, "resumed": 1, "waited": 1}
    assert seen.hours("ward", "b") == {"waiting": 12 - 3, "in_service": 10}


def test_somebody_diverted_has_not_come_by_transfer() -> None:
    # D and N are held from 1 to 11. p (U 2-3) is diverted from D to N and waits in the room of those from outside, so
    # that q (V 3-4) finds the room for transfers empty. p: N 11-21; q: N from 21.
    seen = Outcome(
        network(
            {
                "U": station(1, 1, "D"),
                "V": station(1, 1, "N"),
                "D": station(1, 10, waiting_room=0, divert="N"),
                "N": station(1, 10, waiting_room=1, inside_room=1),
            },
            arriving("D", [1]),
            arriving("N", [1]),
            arriving("U", [2]),
            arriving("V", [3]),
        )
    )
    assert seen.flows("V") == {"arrived": 1, "started": 1, "served": 1, "transferred_out": 1}
    assert seen.hours("N") == {"waiting": (11 - 3) + (21 - 4), "in_service": 10 + 10 + 3}


def test_places_without_limit_are_no_better_than_empty_ones() -> None:
    # p1 finds both loads zero: the first. p2 finds 1 of 1 there: the second.
    front = station("inf", 1) | {"routes": [{"to": ["one", "many"], "choose": "least_loaded"}]}
    seen = Outcome(
        network({"front": front, "one": station(1, 48), "many": station("inf", 48)}, arriving("front", [1, 2]))
    )
    assert seen.hours("one") == {"in_service": 24 - 2}
    assert seen.hours("many") == {"in_service": 24 - 3}


def test_who_holds_nothing_of_a_pool_starts_though_it_drains() -> None:
    # The only nurse goes at 2 while p1 holds her. q, whose class needs none, starts at 3 all the same.
    ward = station(2, 10, holds=[{"where": {"class": "b"}, "pools": {"nurses": 0}}, {"pools": {"nurses": 1}}])
    nurses = {"places": [{"from": "0 h", "places": 1}, {"from": "2 h", "places": 0}]}
    seen = Outcome(network({"ward": ward}, arriving("ward", [1]), arriving("ward", [3], "b"), pools={"nurses": nurses}))
    assert seen.hours("ward", "b") == {"in_service": 10}
    assert seen.of_pool("nurses", "draining_area") == [11 - 2]
