"""The demo's steps about a case that is under way: who joins it, who must not, what is corrected, who is the same."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from agencies.documents.referral import HonourBased
from agencies.kit import forms
from agencies.kit.client import Kit
from agencies.kit.compose import REFERRAL
from agencies.kit.correcting import with_reason
from agencies.kit.headings import recipients_of, shareable, wrap_for
from agencies.kit.pack import fetch_pack
from agencies.kit.pack_page import page_of
from agencies.kit.same_person import MergedAnswer, ProposalsAnswer
from agencies.kit.wire import parse_answer
from agencies.names import CaseRef, PartyId
from gateway.story import Story, hold, open_, pull, reader, refusal


def _a_surgery_telephones(story: Story) -> None:
    form = forms.parse_form(forms.example())
    who = {"agency": "Exampleton Surgery", "agency_id": None, "received_by": "telephone"}
    referrer = form.referral.referrer.model_copy(update=who)
    taken_in = replace(form, referral=form.referral.model_copy(update={"referrer": referrer}))
    with story.kit("coordinator") as office:
        accepted = office.submit(office.prepare_any(REFERRAL, taken_in.documents))
    story.cases.append(accepted[0].manifest.case)
    pull(story, "lantern", 2)
    pull(story, "coordinator", 3)
    story.tell(
        "A surgery that is no member telephones. The coordinator takes its referral in, and names who truly refers;",
        "from there on it is sealed and goes to the IDVA service like any other.",
    )


def _two_cases_are_one(story: Story) -> None:
    first, second = story.sent[0].manifest.case, story.cases[-1]
    with story.kit("coordinator") as office:
        found = office.gateway.get(f"/v1/cases/{second}/proposals", ProposalsAnswer, office.fields())
        roles = {one.case: set(one.roles) for one in found.proposals}
        hold(roles.get(first) == {"victim", "perpetrator"}, "the first case is proposed for both roles")
        office.post(f"/v1/cases/{second}/sameness", {"other": first, "decision": "same"})
        merged = parse_answer(office.post(f"/v1/cases/{second}/merge", {"other": first}), MergedAnswer)
        hold(merged.lead == first, "the older case leads")
        shown = office.case(first)
    hold(shown.repeat is not None and shown.repeat.proposed, "a repeat is proposed")
    story.tell(
        "Keyed tokens propose that it is about the same victim and perpetrator. The coordinator compares, says same,",
        "and merges the two cases. Within twelve months of the last referral: a repeat, for a person to decide.",
    )


def _a_newcomer_and_a_conflict_of_interest(story: Story) -> None:
    case = story.sent[0].manifest.case
    police, health = story.area.party("constabulary"), story.area.party("health")
    known = story.area.members["health"].home.settings.officer or ""
    with story.kit("coordinator") as office:
        for party in (police, health):
            office.relate(case, party, "involved", "involvement")
            _share(office, case, party, "referral")
        office.exclude(case, [known])
    with story.kit("health") as kit:
        refused = refusal(lambda: fetch_pack(kit, case))
    hold(refused.code == "not-available", "an excluded officer gets nothing of the case")
    with story.kit("constabulary") as kit:
        pack = fetch_pack(kit, case)
    hold([one.manifest.document for one in pack.messages] == ["referral"], "the newcomer gets what was shared")
    hold(str(pack.index.officer) in page_of(pack), "its page says who opened it")
    story.tell(
        "Police and Health join the case; the coordinator's kit opens the referral to both. But Health's officer knows "
        f"the perpetrator and is excluded: {refused.code}, as if there were no case.",
        "The police get a pack: what they may hold, checked, as one page that prints, marked with who opened it and "
        "when. The safe contact is not in it.",
    )


def _the_referral_is_corrected(story: Story) -> None:
    form, older = forms.parse_form(forms.example()), story.sent[0].manifest
    referral = form.referral.model_copy(update={"crime_reference": "FEN/0815 (made up)"})
    documents = with_reason(replace(form, referral=referral).documents, "The crime reference was missing.")
    with story.kit("rivermead") as kit:
        newer = kit.submit(kit.prepare_any(replace(REFERRAL, case=older.case, supersedes=older.message), documents))
    hold(newer[0].manifest.supersedes == older.message, "the manifest names what it corrects")
    corrected = open_(story, "constabulary", pull(story, "constabulary", 1).values())
    hold("0815" in corrected["referral"].document().model_dump_json(), "who held the older version gets the newer")
    pull(story, "lantern", 2)
    with story.kit("lantern") as kit:
        (held,) = (item for item in kit.inbox.items() if item.message == older.message)
        refused = refusal(lambda: kit.gateway.post(f"/v1/deliveries/{held.delivery}/header", None, reader(kit)))
    hold(refused.code == "not-available", "the older version is released to nobody any more")
    story.tell(
        "Rivermead corrects its referral: who held the older version gets the newer one, and its reason;",
        "the older one is released to nobody but the offices any more.",
    )


def _a_closed_session(story: Story) -> None:
    form = forms.parse_form(forms.example())
    honour_based = HonourBased(forced_marriage=True)
    closing = form.referral.model_copy(update={"honour_based": honour_based})
    with story.kit("rivermead") as kit:
        case = kit.submit_referral(closing, form.safe_contact, form.exclusions)[0].manifest.case
    story.cases.append(case)
    pull(story, "coordinator", 3)
    lantern = story.area.party("lantern")
    with story.kit("lantern") as kit:
        hold(kit.pull().saved == (), "a closed case is sealed to no agency's own key")
    with story.kit("coordinator") as office:
        office.name(case, [str(story.area.members["lantern"].home.settings.officer)])
        _share(office, case, lantern, "referral")
    opened = open_(story, "lantern", pull(story, "lantern", 1).values())
    hold(opened["referral"].manifest.case == case, "the named officer opens it with a key of their own")
    story.tell(
        "A referral speaks of forced marriage: the case is closed at once, and even the IDVA service gets nothing,",
        "until the coordinator names one of its officers, who signs for themselves and has a key of their own.",
    )


STEPS: Sequence[Callable[[Story], None]] = (
    _a_surgery_telephones,
    _two_cases_are_one,
    _a_newcomer_and_a_conflict_of_interest,
    _the_referral_is_corrected,
    _a_closed_session,
)


def _share(office: Kit, case: CaseRef, party: PartyId, document: str) -> None:
    """Open the case's oldest document of this name to `party`, as `marac case share` does."""
    one = next(one for one in shareable(office, case, party) if one.document == document)
    wrap_for(office, one, party, recipients_of(office, party, case))
