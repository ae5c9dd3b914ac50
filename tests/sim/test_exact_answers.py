"""The exact answers themselves: each formula and each chain against another way to the same number."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import integrate

from sim.theory import erlang_b, erlang_c
from sim.verification import arrivals, choosing, hours, impatience, preemption, sharing
from sim.verification.acceptance import Case
from sim.verification.answers import expected, params
from sim.verification.chains import Piece, cycle, steady
from sim.verification.formulas import birth_death, mg1_wait, mmc_number, trunk_occupancy

Pair = tuple[int, int]


def wanted(case: Case, name: str) -> float:
    return case.wanted[name][0]


# -- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["erlangB_c10_a8", "erlangB_c28_a25", "erlangB_c400_a380"])
def test_erlang_b(name: str) -> None:
    p = params(name)
    assert erlang_b(p["c"], p["a"]) == pytest.approx(expected(name)["blocking"], rel=1e-10)


@pytest.mark.parametrize("name", ["mmc_c20_a17", "mmc_c100_a95", "mmc_c450_a412.75"])
def test_erlang_c(name: str) -> None:
    load = expected(name)["offered_load"]
    assert erlang_c(params(name)["c"], load) == pytest.approx(expected(name)["erlangC"], rel=1e-9)
    assert mmc_number(load, params(name)["c"]) == pytest.approx(expected(name)["L"], rel=1e-10)


@pytest.mark.parametrize("name", ["mg1_deterministic", "mg1_lognormal_cv1.5"])
def test_pollaczek_and_khinchine(name: str) -> None:
    p = params(name)
    found = mg1_wait(p["lambda"], p["E_S"], p["E_S"] ** 2 * (1 + p["scv"]))
    assert found == pytest.approx(expected(name)["Wq"], rel=1e-12)


def test_birth_and_death_of_erlang_a() -> None:
    p, want = params("erlangA_c20"), expected("erlangA_c20")
    c, states = p["c"], 400
    found = birth_death(lambda n: p["lambda"], lambda n: min(n, c) * p["mu"] + max(n - c, 0) * p["theta"], states)
    queue = np.maximum(np.arange(states) - c, 0) @ found
    assert queue == pytest.approx(want["Lq"], rel=1e-9)
    assert found[c:].sum() == pytest.approx(want["P_wait"], rel=1e-9)


def test_amounts_of_a_pool_by_the_product_form() -> None:
    loads, amounts, size = (4.0, 2.4), (1, 3), 12
    weight = np.zeros(size + 1)
    terms = [np.cumprod([1.0, *(load / n for n in range(1, size + 1))]) for load in loads]
    for i in range(size + 1):
        for j in range((size - i) // 3 + 1):
            weight[i + 3 * j] += terms[0][i] * terms[1][j]
    assert trunk_occupancy(loads, amounts, size) == pytest.approx(weight / weight.sum(), rel=1e-12)


# -- chains -----------------------------------------------------------------------------------------------------------


def mmc(rate: float, places: int, most: int):
    def rules(n: int) -> Iterator[tuple[int, float]]:
        if n < most:
            yield n + 1, rate
        if n:
            yield n - 1, float(min(n, places))

    return rules


def test_steady_chain_of_a_queue() -> None:
    chain = steady(0, mmc(3.2, 4, 200))
    assert chain.p.sum() == pytest.approx(1, abs=1e-12)
    assert chain.mean(lambda n: n) == pytest.approx(mmc_number(3.2, 4), rel=1e-9)
    assert chain.mean(lambda n: n >= 4) == pytest.approx(erlang_c(4, 3.2), rel=1e-9)


def test_a_cycle_that_never_changes_is_a_steady_chain() -> None:
    still = cycle(0, [Piece(0.4, mmc(1.3, 2, 50)), Piece(1.7, mmc(1.3, 2, 50))])
    chain = steady(0, mmc(1.3, 2, 50))
    for value in (lambda n: n, lambda n: n >= 2):
        assert still.mean(value) == pytest.approx(chain.mean(value), rel=1e-9)
        assert still.mean_before(1, value) == pytest.approx(chain.mean(value), rel=1e-9)


def test_a_cycle_of_demand_without_limits() -> None:
    """Places without limit: the mean obeys m' = rate(t) - m, whose periodic solution is known piece by piece."""
    rates, length = (2.0, 0.5), 3.0
    round_ = cycle(0, [Piece(length, mmc(rate, 60, 60)) for rate in rates])
    fall = np.exp(-length)
    low = (rates[1] * (1 - fall) + rates[0] * (1 - fall) * fall) / (1 - fall**2)
    high = rates[0] + (low - rates[0]) * fall
    assert round_.mean_before(0, lambda n: n) == pytest.approx(low, rel=1e-9)
    assert round_.mean_before(1, lambda n: n) == pytest.approx(high, rel=1e-9)
    assert round_.mean(lambda n: n) == pytest.approx(sum(rates) / 2, rel=1e-9)
    first = integrate.quad(lambda t: rates[0] + (low - rates[0]) * np.exp(-t), 0, length)[0] / length
    assert round_.mean_in(0, lambda n: n) == pytest.approx(first, rel=1e-9)


def test_jumps_come_at_the_beginning_of_a_piece() -> None:
    """Everybody is sent away at the full hour: between, the number grows as from empty."""
    emptied = cycle(0, [Piece(1.0, mmc(2.0, 60, 60), lambda n: 0)])
    assert emptied.mean_before(0, lambda n: n) == pytest.approx(2 * (1 - np.exp(-1)), rel=1e-9)


# -- cases ------------------------------------------------------------------------------------------------------------


def test_fixed_intervals_solve_kendalls_equation() -> None:
    rho, want = 0.8, expected("dm1_rho80")
    assert want["sigma"] == pytest.approx(np.exp(-(1 - want["sigma"]) / rho), rel=1e-9)
    assert want["Wq"] == pytest.approx(want["sigma"] / (1 - want["sigma"]), rel=1e-9)


def test_kept_bookings_against_the_embedded_chain() -> None:
    """The number that an arrival finds, by the chain embedded at arrivals."""
    kept, rate, states, terms = 0.7, 0.9, 80, 60
    step = np.zeros((states, states))
    for gap in range(1, terms):
        ended = np.exp(-rate * gap) * np.cumprod([1.0, *(rate * gap / n for n in range(1, states))])
        for n in range(states):
            there = min(n + 1, states - 1)
            share = kept * (1 - kept) ** (gap - 1)
            step[n, 1 : there + 1] += share * ended[:there][::-1]
            step[n, 0] += share * (1 - ended[:there].sum())
    value, vectors = np.linalg.eig(step.T)
    p = np.real(vectors[:, np.argmax(np.real(value))])
    p /= p.sum()
    found = arrivals.kept_bookings()
    assert 1 - p[0] == pytest.approx(wanted(found, "P_wait"), rel=1e-6)
    assert p @ np.arange(states) / rate == pytest.approx(wanted(found, "Wq"), rel=1e-5)


def test_batches_against_the_chain() -> None:
    sizes = {1: 0.5, 2: 0.3, 4: 0.2}

    def rules(n: int) -> Iterator[tuple[int, float]]:
        for size, share in sizes.items():
            yield min(n + size, 250), 0.7 / 1.9 * share
        if n:
            yield n - 1, 1.0

    assert steady(0, rules).mean(lambda n: n) == pytest.approx(wanted(arrivals.batches(), "L"), rel=1e-6)


@pytest.mark.parametrize("kind", arrivals.PHASES)
def test_moments_of_stays_in_phases(kind: str) -> None:
    rng = np.random.default_rng(5)
    service, mean, square = arrivals.PHASES[kind]
    n = 400_000
    if kind == "coxian":
        x, on = np.zeros(n), np.ones(n, bool)
        for phase in service["phases"]:
            x += on * rng.exponential(float(phase["mean"].split()[0]), n)
            on &= rng.random(n) >= phase["ends"]
    elif kind == "mixture":
        means = [float(part["mean"].split()[0]) for part in service["parts"]]
        x = rng.exponential(rng.choice(means, n, p=[part["share"] for part in service["parts"]]))
    else:
        assert service["cv"] ** 2 == pytest.approx(square / mean**2 - 1)
        return
    assert x.mean() == pytest.approx(mean, abs=5 * x.std() / n**0.5)
    assert (x**2).mean() == pytest.approx(square, abs=5 * (x**2).std() / n**0.5)


def preemptive(rates: Pair | tuple[float, float], ends: tuple[float, float], places: int, most: int = 110):
    def rules(state: Pair) -> Iterator[tuple[Pair, float]]:
        first, second = state
        if first < most:
            yield (first + 1, second), rates[0]
        if second < most:
            yield (first, second + 1), rates[1]
        if first:
            yield (first - 1, second), ends[0] * min(first, places)
        if second and first < places:
            yield (first, second - 1), ends[1] * min(second, places - first)

    return rules


def test_preemption_against_the_chain() -> None:
    for case, rates, ends, places in (
        (preemption.one_place("resume"), (0.3, 0.4), (1.0, 0.8), 1),
        (preemption.equal_places(), (2.0, 2.2), (1.0, 1.0), 5),
    ):
        chain = steady((0, 0), preemptive(rates, ends, places))
        assert chain.mean(lambda s: s[0]) == pytest.approx(wanted(case, "L1"), rel=1e-5)
        assert chain.mean(lambda s: s[1]) == pytest.approx(wanted(case, "L2"), rel=1e-4)


def test_starting_again_against_a_plain_simulation() -> None:
    """Time from the first start of an interrupted stay to its end: trials that are cut by the first class."""
    case, rng, n, length = preemption.start_again(), np.random.default_rng(8), 200_000, 1.2
    trials = np.zeros(n, int)
    cut = np.ones(n, bool)
    while cut.any():
        cut[cut] = rng.exponential(1 / 0.3, cut.sum()) < length
        trials += cut
    often = 0.25 * trials.mean()
    assert wanted(case, "preempted") == pytest.approx(often, abs=5 * 0.25 * trials.std() / n**0.5)


def test_starting_again_without_interruption_is_a_queue() -> None:
    """L2 of the formula exceeds that of a single place with the same stays, which it has when nobody interrupts."""
    alone = 0.25 * (mg1_wait(0.25, 1.2, 1.44) + 1.2)
    assert wanted(preemption.start_again(), "L2") > alone


def test_patience_does_not_change_how_many_there_are_when_it_only_changes_the_order() -> None:
    case = impatience.called_first()
    low, high = wanted(case, "Lq low"), wanted(case, "Lq high")
    assert low + high == pytest.approx(0.8**2 / 0.2, rel=1e-6)


def test_flows_balance_where_places_are_blocked() -> None:
    case = impatience.give_up_blocking()
    entered = 3.5 * (1 - wanted(case, "P_loss"))
    assert wanted(case, "in service") == pytest.approx(entered, rel=1e-9)
    moved = 0.5 * wanted(case, "in service") - wanted(case, "gave up")
    assert wanted(case, "there") * 0.5 == pytest.approx(moved, rel=1e-9)


def test_overflow_to_a_station_of_its_own_is_a_bigger_station() -> None:
    """With nobody else there and equal stays, four places and three more are seven."""
    for repatriate in (False, True):
        case = sharing.overflow(repatriate, rates=(4.0, 0.0), stay=1.0)
        assert wanted(case, "P_loss one") == pytest.approx(erlang_b(7, 4.0), rel=1e-9)
        # places are offered in turn, so what the first four turn away is Erlang's, coming home or not
        turned_away = wanted(case, "overflowed") + 4.0 * wanted(case, "P_loss one")
        assert (turned_away / 4.0 == pytest.approx(erlang_b(4, 4.0), rel=1e-9)) is not repatriate


def test_two_stations_on_one_pool_are_one_queue_together() -> None:
    case = sharing.shared_queue()
    assert wanted(case, "Lq one") + wanted(case, "Lq two") == pytest.approx(wanted(case, "Lq"), rel=1e-5)
    assert wanted(case, "Wq one") == wanted(case, "Wq two") == pytest.approx(erlang_c(3, 2.1) / (3 - 2.1), rel=1e-9)


def test_slots_of_one_are_pollaczek_and_khinchine() -> None:
    rate = 0.7
    case = hours.slots(each=1, rate=rate)
    assert wanted(case, "before the hour") == pytest.approx(rate + rate**2 / (2 * (1 - rate)), rel=1e-9)


def test_timetable_lets_through_what_comes() -> None:
    """Mean number in service, by the chain, is the arrival rate: nobody is lost."""
    for case in (hours.office_hours(), hours.called_by_queue()):
        rate = case.network(1.0)["sources"]["s"]["rate_per_day"] / 24
        assert wanted(case, "busy") == pytest.approx(rate, rel=2e-6)


def test_escalation_loses_what_is_not_served() -> None:
    case = hours.called_by_occupancy()
    assert wanted(case, "busy") == pytest.approx(4.0 * (1 - wanted(case, "P_loss")), rel=1e-9)


@pytest.mark.parametrize("rule", ["shortest", "first_free", "least_loaded"])
def test_chosen_stations_serve_what_comes(rule: str) -> None:
    case = choosing.choose(rule)
    assert 0.5 < wanted(case, "to one") < 0.75
    assert wanted(case, "L one") > 1.25 * wanted(case, "to one") / 1.0


def test_a_locked_circle_of_single_places_by_hand() -> None:
    """With one place each the states are few enough to solve on paper; here by another program."""
    rate, a, b, on, back = 1.5, 1.0, 0.8, 0.9, 0.6
    names = ["00", "S0", "0S", "SS", "BS", "SB"]
    q = {
        "00": {"S0": rate},
        "S0": {"0S": a * on, "00": a * (1 - on)},
        "0S": {"SS": rate, "00": b * (1 - back), "S0": b * back},
        "SS": {"BS": a * on, "0S": a * (1 - on), "S0": b * (1 - back), "SB": b * back},
        "BS": {"0S": b * (1 - back), "SS": b * back},  # the second turns back to a stuck first: they change places
        "SB": {"SS": a * on, "S0": a * (1 - on)},  # likewise; or the first leaves and the stuck one moves in
    }
    matrix = np.zeros((6, 6))
    for s, moves in q.items():
        for to, speed in moves.items():
            matrix[names.index(s), names.index(to)] += speed
            matrix[names.index(s), names.index(s)] -= speed
    system = matrix.T.copy()
    system[0] = 1
    p = dict(zip(names, np.linalg.solve(system, np.eye(6)[0]), strict=True))
    case = choosing.locked_circle(size=1)
    assert wanted(case, "blocked one") == pytest.approx(p["BS"], rel=1e-9)
    assert wanted(case, "blocked two") == pytest.approx(p["SB"], rel=1e-9)
    assert wanted(case, "P_loss") == pytest.approx(1 - p["00"] - p["0S"], rel=1e-9)
    assert wanted(case, "swapped") == pytest.approx(2 * (p["BS"] * b * back + p["SB"] * a * on), rel=1e-9)


def test_hurried_stays_without_hurry() -> None:
    """Without elasticity the chain is M/M/1."""
    case = choosing.hurried(rate=0.8, elasticity=0.0)
    assert wanted(case, "L") == pytest.approx(4.0, rel=1e-5)
