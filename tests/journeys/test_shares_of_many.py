"""One case that cannot be read keeps no other from getting its headers, and nothing is opened before the yes."""

import pytest
import typer

from agencies.kit.client import PURPOSE
from agencies.kit.headings import Shareable, shareable
from agencies.kit.inbox import State
from agencies.kit.sharing import Act
from agencies.names import CaseRef
from crypto import age
from tests.journeys.forger import Forger
from tests.journeys.test_case_messages import HEALTH, a_case
from tests.journeys.test_closed_cases import CLOSING
from tests.journeys.test_shares import joined, message_of
from tests.journeys.world import COORDINATOR, World


def an_act(world: World) -> Act:
    return Act(world.kit(COORDINATOR), world.party(HEALTH), PURPOSE, safe_contact=False)


def referral_of(world: World, case: CaseRef) -> Shareable:
    offered = shareable(world.kit(COORDINATOR), case, world.party(HEALTH))
    return next(one for one in offered if one.document == "referral")


def holders(world: World, case: CaseRef) -> set[str]:
    return {row.recipient for row in world.kit(COORDINATOR).holdings(case)}


def states(world: World) -> set[State]:
    return {item.state for item in world.kit(COORDINATOR).inbox.items()}


@pytest.mark.parametrize("damaged", ["before it was opened", "after it was opened", "sealed to a key that is lost"])
def test_a_referral_that_cannot_be_read_is_left_out_with_its_case_and_the_others_are_shared(
    embedded: World, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = a_case(embedded), a_case(embedded)
    for case in (bad, good):
        joined(embedded, case)
    office, message = embedded.kit(COORDINATOR), message_of(embedded, bad, "referral")
    (item,) = [one for one in office.inbox.items() if one.message == message]
    deliveries = office.home.path / "deliveries"
    if damaged == "before it was opened":
        (deliveries / f"{message}.payload").write_bytes(b"damaged")
    else:
        office.unseal(item.delivery)
        payload = age.split(office.home.age_file(message))[1]
        lost = age.split(age.encrypt(b"made up", [age.generate_identity().recipient()]))[0]
        damage = b"damaged" if damaged == "after it was opened" else lost + payload
        (deliveries / f"{message}.age").write_bytes(damage)
    chosen = [referral_of(embedded, case) for case in (bad, good)]
    done = an_act(embedded).carry_out(chosen, "Shared with", yes=True)
    assert ([*done.left_out], [*done.shared], [*done.refused]) == ([chosen[0]], [chosen[1]], [])
    assert embedded.party(HEALTH) not in holders(embedded, bad)
    assert embedded.party(HEALTH) in holders(embedded, good)
    assert f"{bad}: left out" in capsys.readouterr().err


def test_what_nobody_said_yes_to_is_not_opened_and_the_gateway_gets_no_receipt_for_it(embedded: World) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    before = states(embedded)
    assert before == {State.COLLECTED}
    with pytest.raises(typer.Exit):
        an_act(embedded).carry_out([referral_of(embedded, case)], "Shared with", yes=False)
    assert (states(embedded), embedded.kit(COORDINATOR).pending()) == (before, [])
    assert embedded.entries(event="open") == []
    an_act(embedded).carry_out([referral_of(embedded, case)], "Shared with", yes=True)
    assert State.OPENED in states(embedded)


def test_a_referral_that_closes_its_case_and_is_opened_after_the_yes_alone_still_closes_it(embedded: World) -> None:
    closing, other = embedded.refer(CLOSING)[0].manifest.case, a_case(embedded, collected=6)
    for case in (closing, other):
        joined(embedded, case)
    assert Forger(embedded).execute("UPDATE cases SET closed = 0") > 0
    chosen = [referral_of(embedded, case) for case in (closing, other)]
    done = an_act(embedded).carry_out(chosen, "Shared with", yes=True)
    assert ([*done.refused], [*done.shared], [*done.left_out]) == ([chosen[0]], [chosen[1]], [])
    assert embedded.party(HEALTH) not in holders(embedded, closing)
