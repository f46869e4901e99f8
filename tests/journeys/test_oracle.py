"""Whether a case exists is told to nobody who may not know: equal answers, and equal work behind them."""

import json
import statistics
from collections.abc import Callable

import pytest

from agencies.names import DeliveryId, MessageId, draw_case_ref
from crypto.draw import draw_uuid7
from gateway.made_up import PREFIX
from tests.journeys.conftest import MakeWorld
from tests.journeys.stranger import ROUTES, STRANGER, Answer, Asker, Known, known_to_others
from tests.journeys.world import COORDINATOR, Stack, World, refusal

PAIRS, FEW_PAIRS, CAMPAIGN_PAIRS = 20, 10, 2000
MOST_APART = 0.05


def test_a_stranger_gets_the_same_bytes_for_a_case_that_exists_and_for_one_that_does_not(embedded: World) -> None:
    _all_alike(embedded, PAIRS)


@pytest.mark.servers
def test_a_stranger_gets_the_same_bytes_from_a_gateway_on_postgresql_and_rabbitmq(
    production: Stack, make_world: MakeWorld
) -> None:
    _all_alike(make_world(production), FEW_PAIRS)


@pytest.mark.campaign
@pytest.mark.parametrize("route", ROUTES)
def test_a_stranger_waits_as_long_for_a_case_that_exists_as_for_one_that_does_not(
    embedded: World, route: str, record_property: Callable[[str, object], None]
) -> None:
    times, answers = _pairs(embedded, known_to_others(embedded), route, CAMPAIGN_PAIRS)
    known, unknown = (statistics.median(one) * 1000 for one in times)
    print(f"{route}: known {known:.3f} ms, unknown {unknown:.3f} ms, {(known / unknown - 1) * 100:+.1f} %")
    record_property("known_ms", known)
    record_property("unknown_ms", unknown)
    assert len(answers) == 1
    assert abs(known / unknown - 1) <= MOST_APART


def test_exclusions_are_refused_by_office_whether_or_not_there_is_such_a_case(embedded: World) -> None:
    known = known_to_others(embedded)
    for case in (known.case, draw_case_ref(PREFIX)):
        act = refusal(lambda case=case: embedded.kit(STRANGER).exclude(case, [], settled=[known.message]))
        assert act.code == "act-not-allowed"
    coordinator = embedded.kit(COORDINATOR)
    assert (
        refusal(lambda: coordinator.exclude(draw_case_ref(PREFIX), [], settled=[known.message])).code == "not-available"
    )


def _all_alike(world: World, pairs: int) -> None:
    known = known_to_others(world)
    answers = {answer for route in ROUTES for answer in _pairs(world, known, route, pairs)[1]}
    assert len(answers) == 1, "one answer for all, whatever the route"
    status, _, body = answers.pop()
    assert (status, json.loads(body)["code"]) == (404, "not-available")


def _pairs(world: World, known: Known, route: str, many: int) -> tuple[tuple[list[float], list[float]], set[Answer]]:
    """Return how long the answers took, for what exists and for what does not, and the different answers there were."""
    asker = Asker(world)
    times: tuple[list[float], list[float]] = ([], [])
    answers: set[Answer] = set()
    with asker.client:
        for number in range(many):
            nothing = Known(draw_case_ref(PREFIX), MessageId(_id(world)), DeliveryId(_id(world)), known.manifest)
            # Which of the two is asked first takes turns: whatever the first one warms up serves both as often.
            order = (known, nothing) if number % 2 else (nothing, known)
            for one in order:
                took, answer = asker.ask(ROUTES[route](asker, one))
                times[one is nothing].append(took)
                answers.add(answer)
    return times, answers


def _id(world: World) -> str:
    return draw_uuid7(world.clock())
