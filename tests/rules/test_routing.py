"""To whom each document is sealed: roles, the area's additions, exclusions."""

from dataclasses import replace
from types import MappingProxyType

from agencies.agency import PARTY_KINDS
from agencies.documents.table import DOCUMENTS
from agencies.names import agency_id
from broker.case import Relation
from broker.kinds.kind import Part
from broker.kinds.referral import REFERRAL
from broker.kinds.table import KINDS
from broker.routing import audiences, may_hold, without
from tests.rules.cases import AREA, COORDINATOR, DEPUTY, HOUSING, IDVA, OFFICER, POLICE, a_party

MASH = a_party("mash")
SECOND_IDVA = replace(IDVA, id=agency_id(AREA, "another-idva-service"))
EVERYONE = [POLICE, IDVA, HOUSING, MASH, COORDINATOR, DEPUTY, SECOND_IDVA]
OFFICE = (COORDINATOR.id,)


def test_a_referral_goes_to_coordinator_and_idva_services_and_its_exclusions_to_the_coordinator_alone() -> None:
    both = (COORDINATOR.id, SECOND_IDVA.id, IDVA.id)  # the office first, then by name
    routed = audiences(REFERRAL, EVERYONE, set())
    assert routed == {"referral": both, "safe-contact": both, "exclusions": OFFICE}


def test_what_the_area_adds_receives_the_first_document_and_never_the_safe_contact() -> None:
    routed = audiences(REFERRAL, EVERYONE, {"mash"})
    assert [document for document, parties in routed.items() if MASH.id in parties] == ["referral"]


def test_the_order_in_which_parties_are_listed_changes_nothing() -> None:
    forwards = audiences(REFERRAL, EVERYONE, {"mash"})
    assert audiences(REFERRAL, EVERYONE[::-1], {"mash"}) == forwards


def test_where_nobody_takes_part_there_is_nobody_to_receive() -> None:
    routed = audiences(REFERRAL, [], {"mash"})
    assert routed == {"referral": (), "safe-contact": (), "exclusions": ()}


def test_without_a_coordinators_office_nobody_is_put_in_its_place() -> None:
    routed = audiences(REFERRAL, [POLICE, DEPUTY], {"mash"})
    assert set(routed.values()) == {()}


def test_a_kind_with_one_document_for_nobody_else_goes_to_the_office() -> None:
    alone = replace(REFERRAL, parts=MappingProxyType({"referral": Part(frozenset(), Relation.INVOLVED)}))
    assert audiences(alone, EVERYONE, set()) == {"referral": OFFICE}


def test_who_may_hold_an_older_version_is_everybody_but_the_office_itself_and_who_checks_the_others() -> None:
    held = may_hold([*EVERYONE, a_party("chair"), a_party("compliance")])
    assert set(held) == {one.id for one in (*EVERYONE, a_party("chair"))} - {COORDINATOR.id}
    assert DEPUTY.id in held


def test_an_exclusion_beats_every_grant() -> None:
    for parties in audiences(REFERRAL, EVERYONE, {"mash", "police"}).values():
        left = without(parties, frozenset({IDVA.id, MASH.id}))
        assert left == tuple(party for party in parties if party not in {IDVA.id, MASH.id})


def test_excluding_everybody_leaves_nobody_and_excluding_nobody_leaves_all() -> None:
    parties = (COORDINATOR.id, IDVA.id)
    assert without(parties, frozenset(parties)) == ()
    assert without(parties, frozenset()) == parties
    assert without((), frozenset(parties)) == ()


def test_an_excluded_officer_takes_no_header_from_the_agency() -> None:
    assert without((IDVA.id,), frozenset({OFFICER})) == (IDVA.id,)


def test_every_kind_declares_what_its_documents_declare() -> None:
    assert set(KINDS) == set(DOCUMENTS)
    for name, kind in KINDS.items():
        assert kind.name == name
        assert set(kind.versions) == set(DOCUMENTS[name])
        for version in kind.versions:
            assert list(kind.parts) == list(DOCUMENTS[name][version])


def test_every_kind_names_only_kinds_of_party_that_there_are_and_relations_that_grant_something() -> None:
    for kind in KINDS.values():
        named = kind.senders.union(*(part.receivers for part in kind.parts.values()))
        assert named <= set(PARTY_KINDS)
        assert kind.senders
        assert kind.purposes
        assert all(part.least.at_least(part.least) for part in kind.parts.values())
