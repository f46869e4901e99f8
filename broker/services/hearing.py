"""Whether anybody of a party may hear of a recall: asked for each of its officers, for who will look is not known."""

from dataclasses import replace

from agencies.agency import Party
from agencies.directory import Directory
from agencies.names import PartyId
from broker.case import Case
from broker.lifecycle import ENDINGS, DeliveryState
from broker.need_to_know import Access, Act, Asker, Decision, Permit, decide
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.ruling import as_of
from broker.services.standing import Found, access_to, officers_of


def decide_hearing(desk: Desk, party: Party, found: Found, directory: Directory) -> tuple[Access, Decision]:
    """Return the question whether the party may hear of this recall, and a permit if anybody of it may.

    Asked as nobody in particular, which the log says, and then as each officer, who proves it if they have a key.
    """
    now = desk.now()
    nobody = Asker(party, None, None, None, now)
    officers = ((id_, bool(directory.valid_keys_of(id_, now))) for id_ in officers_of(party.id, directory))
    askers = (nobody, *(replace(nobody, officer=id_, proved=proved) for id_, proved in officers))
    questions = [as_of(access_to(desk, Act.HEAR, asker, found, directory), directory, now) for asker in askers]
    decisions = [decide(question) for question in questions]
    return questions[0], next((one for one in decisions if isinstance(one, Permit)), decisions[0])


def is_unheard(desk: Desk, case: Case, delivery: Delivery, message: Message, directory: Directory) -> bool:
    """Claim that the recipient has not answered a recall of what it was given, and nobody is left who may hear of it.

    Then no notice does it: somebody of the coordinator's office has to ask for it.
    """
    if not is_unanswered(delivery):
        return False
    party = directory.register.party(PartyId(delivery.recipient))
    if party is None:
        return True
    _, decision = decide_hearing(desk, party, Found(message, case, delivery), directory)
    return not isinstance(decision, Permit)


def is_unanswered(delivery: Delivery) -> bool:
    """Claim that it was taken back after its release, and its recipient has not said what became of its copy."""
    is_told = delivery.state is DeliveryState.RECALLED and delivery.recall_notice is not None
    return is_told and delivery.released_at is not None and ENDINGS.isdisjoint(delivery.receipts)
