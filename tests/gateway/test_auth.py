"""Who signed a request, check by check, with real keys and a verified register."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.directory import Directory
from agencies.revocations import verify_revocations
from gateway.auth import Arrival, Authentic, authenticate, check_digest, examine, nonce_expires
from gateway.errors import CATALOGUE, RequestRejected
from gateway.fields import Fields
from tests.agencies.made_area import (
    AREA,
    HOUSING,
    IDVA,
    KEYLESS,
    NOW,
    OFFICER,
    entry_of,
    fixed_key,
    made_area,
    register_of,
    revocation_of,
    said_by,
    usual_entries,
    usual_register,
)
from tests.gateway.signing import ALWAYS, WITH_BODY, Draft, Signer, post, signed_by, usual_cover

HOUSING_KEY = fixed_key(HOUSING)
OFFICER_KEY = fixed_key(OFFICER)
DIRECTORY = Directory(made_area().area, usual_register())
NAMED = ("marac-officer", OFFICER)
# White space that the format allows: it is the length alone that is wrong.
SPACED = (
    f';{" " * 2000}created={int(NOW.timestamp())};nonce="bWFkZS11cC1ub25jZS0xNg";'
    f'keyid="{HOUSING_KEY.verify_key.keyid}";alg="ed25519";tag="marac/v1"'
)


def arrival_of(draft: Draft) -> Arrival:
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in draft.lines]
    return Arrival(draft.method, draft.path, draft.query or "", Fields(lines))


def judged(draft: Draft, directory: Directory = DIRECTORY) -> Authentic:
    return authenticate(examine(arrival_of(draft), AREA, NOW), directory, NOW)


def code_for(draft: Draft, directory: Directory = DIRECTORY) -> tuple[str, str | None]:
    with pytest.raises(RequestRejected) as caught:
        judged(draft, directory)
    assert caught.value.public in CATALOGUE
    return caught.value.public, caught.value.pointer


def by(signer: Signer, draft: Draft | None = None) -> Draft:
    return signed_by(draft or Draft(), signer)


def test_a_signed_get_is_the_agencys() -> None:
    found = judged(by(Signer(HOUSING_KEY)))
    assert (found.party.id, found.officer, found.proved, found.purpose, found.idempotency) == (
        HOUSING, None, None, None, None,
    )  # fmt: skip


def test_a_signed_post_carries_its_idempotency_id_and_purpose() -> None:
    draft = post("/v1/referrals", b"{}", ("marac-purpose", "referral"))
    found = judged(by(Signer(HOUSING_KEY), draft))
    assert (found.idempotency, found.purpose) == (draft.value("idempotency-key"), "referral")


def test_an_officer_who_is_only_named_is_asserted() -> None:
    for officer in (OFFICER, KEYLESS):
        found = judged(by(Signer(HOUSING_KEY), Draft().adding(("marac-officer", officer))))
        assert (found.officer, found.proved) == (officer, False)


def test_an_officer_who_signs_too_is_proved() -> None:
    draft = signed_by(Draft().adding(NAMED), Signer(HOUSING_KEY), Signer(OFFICER_KEY, "officer"))
    found = judged(draft)
    assert (found.party.id, found.officer, found.proved) == (HOUSING, OFFICER, True)
    assert [claim.label for claim in found.claims] == ["agency", "officer"]


def test_the_order_of_signatures_and_parameters_is_free() -> None:
    draft = signed_by(Draft().adding(NAMED), Signer(OFFICER_KEY, "officer"), Signer(HOUSING_KEY))
    assert judged(draft).proved is True


def test_the_query_and_its_absence_sign_as_rfc_9421_says() -> None:
    assert judged(by(Signer(HOUSING_KEY), Draft(query="a=1&b=%20"))).party.id == HOUSING
    assert judged(by(Signer(HOUSING_KEY), Draft(query=""))).party.id == HOUSING


def test_the_default_port_and_capitals_may_stand_in_the_host() -> None:
    for host in (AREA.upper(), f"{AREA}:443"):
        draft = Draft(lines=(("host", host),))
        signed = by(Signer(HOUSING_KEY), Draft())
        assert judged(replace(draft, lines=(*draft.lines, *signed.lines[1:]))).party.id == HOUSING


def test_an_agency_that_is_not_active_is_known_so_that_its_refusal_is_logged() -> None:
    entries = [entry_of(said_by(HOUSING), "suspended") if e.id == HOUSING else e for e in usual_entries()]
    found = judged(by(Signer(HOUSING_KEY)), Directory(made_area().area, register_of(entries)))
    assert not found.party.is_active(NOW)


REFUSED = {
    "no signature": (Draft(), "signature-missing", None),
    "no signature input": (by(Signer(HOUSING_KEY)).without("signature-input"), "signature-missing", None),
    "a field of more than 2 KiB": (by(Signer(HOUSING_KEY, parameters=SPACED)), "signature-invalid",
                                   "signature-input"),
    "another label": (by(Signer(HOUSING_KEY, "sig1")), "signature-invalid", "signature-input"),
    "an officer alone": (by(Signer(OFFICER_KEY, "officer"), Draft().adding(NAMED)), "signature-invalid",
                         "signature-input"),
    "a third signature": (signed_by(Draft().adding(NAMED), Signer(HOUSING_KEY), Signer(OFFICER_KEY, "officer"),
                                    Signer(HOUSING_KEY, "more")), "signature-invalid", "signature-input"),
    "another algorithm": (by(Signer(HOUSING_KEY, alg="rsa-pss-sha512")), "signature-invalid", "signature-input"),
    "another tag": (by(Signer(HOUSING_KEY, tag="marac/v2")), "signature-invalid", "signature-input"),
    "a short nonce": (by(Signer(HOUSING_KEY, nonce="A" * 21)), "signature-invalid", "signature-input"),
    "a nonce that is not base64url": (by(Signer(HOUSING_KEY, nonce="+" * 22)), "signature-invalid", "signature-input"),
    "no parameters": (by(Signer(HOUSING_KEY, parameters="")), "signature-invalid", "signature-input"),
    "an expiry": (by(Signer(HOUSING_KEY, parameters=f';created={int(NOW.timestamp())};expires=9999999999;nonce='
                     f'"{"A" * 22}";keyid="{HOUSING_KEY.verify_key.keyid}";alg="ed25519";tag="marac/v1"')),
                  "signature-invalid", "signature-input"),
    "created as text": (by(Signer(HOUSING_KEY, created='"1"')), "signature-invalid", "signature-input"),
    "created as a fraction": (by(Signer(HOUSING_KEY, created="1.5")), "signature-invalid", "signature-input"),
    "a key of another": (by(Signer(fixed_key(IDVA), keyid=HOUSING_KEY.verify_key.keyid)), "signature-invalid",
                         "signature"),
    "the method not covered": (by(Signer(HOUSING_KEY, covered=ALWAYS[1:])), "signature-coverage", "@method"),
    "the query not covered": (by(Signer(HOUSING_KEY, covered=ALWAYS[:3])), "signature-coverage", "@query"),
    "nothing covered": (by(Signer(HOUSING_KEY, covered=())), "signature-coverage", "@authority"),
    "a field covered that does not count": (by(Signer(HOUSING_KEY, covered=(*ALWAYS, "accept"))),
                                            "signature-coverage", "signature-input"),
    "a component twice": (by(Signer(HOUSING_KEY, covered=(*ALWAYS, "@path"))), "signature-coverage",
                          "signature-input"),
    "a component with a parameter": (by(Signer(HOUSING_KEY, covered=('@method";req;x="', *ALWAYS[1:]))),
                                     "signature-coverage", "signature-input"),
    "the officer not covered": (by(Signer(HOUSING_KEY, covered=ALWAYS), Draft().adding(NAMED)),
                                "signature-coverage", "marac-officer"),
    "the officer covered by one alone": (signed_by(Draft().adding(NAMED), Signer(HOUSING_KEY),
                                                   Signer(OFFICER_KEY, "officer", covered=ALWAYS)),
                                         "signature-coverage", "marac-officer"),
    "the digest not covered": (by(Signer(HOUSING_KEY, covered=(*ALWAYS, "content-type", "idempotency-key")),
                                  post("/v1/register", b"{}")), "signature-coverage", "content-digest"),
    "too old": (by(Signer(HOUSING_KEY).at(NOW - timedelta(seconds=301))), "signature-stale", "signature-input"),
    "too new": (by(Signer(HOUSING_KEY).at(NOW + timedelta(seconds=6))), "signature-stale", "signature-input"),
    "created beyond all time": (by(Signer(HOUSING_KEY, created=999_999_999_999_999)), "signature-stale",
                                "signature-input"),
    "created before all time": (by(Signer(HOUSING_KEY, created=-999_999_999_999_999)), "signature-stale",
                                "signature-input"),
    "a key nobody lists": (by(Signer(fixed_key(HOUSING, 2))), "key-unknown", "signature-input"),
    "an officer's key as the agency's": (by(Signer(OFFICER_KEY)), "key-unknown", "signature-input"),
    "an agency's key as the officer's": (signed_by(Draft().adding(NAMED), Signer(HOUSING_KEY),
                                                   Signer(HOUSING_KEY, "officer")), "key-unknown", "signature-input"),
    "an officer of another agency": (by(Signer(fixed_key(IDVA)), Draft().adding(NAMED)), "officer-unknown",
                                     "marac-officer"),
    "another's officer who signs": (signed_by(Draft().adding(NAMED), Signer(fixed_key(IDVA)),
                                              Signer(OFFICER_KEY, "officer")), "officer-unknown", "marac-officer"),
    "another officer than the one who signs": (signed_by(Draft().adding(("marac-officer", KEYLESS)),
                                                         Signer(HOUSING_KEY), Signer(OFFICER_KEY, "officer")),
                                               "officer-unknown", "marac-officer"),
    "an officer who signs unnamed": (signed_by(Draft(), Signer(HOUSING_KEY), Signer(OFFICER_KEY, "officer")),
                                     "officer-unknown", "marac-officer"),
    "an officer's name": (by(Signer(HOUSING_KEY), Draft().adding(("marac-officer", "Robin Placeholder"))),
                          "officer-unknown", "marac-officer"),
    "a purpose in free words": (by(Signer(HOUSING_KEY), Draft().adding(("marac-purpose", "because I say so"))),
                                "field-invalid", "marac-purpose"),
    "a field of ours that does not exist": (by(Signer(HOUSING_KEY), Draft().adding(("marac-override", "1"))),
                                            "field-invalid", "marac-*"),
    "another authority": (by(Signer(HOUSING_KEY), Draft(lines=(("host", "marac.elsewhere.example"),))),
                          "authority-wrong", "host"),
    "another port": (by(Signer(HOUSING_KEY), Draft(lines=(("host", f"{AREA}:8443"),))), "authority-wrong", "host"),
    "no host": (by(Signer(HOUSING_KEY), Draft(lines=())), "authority-wrong", "host"),
    "another content type": (by(Signer(HOUSING_KEY), post("/v1/register", b"{}").saying("content-type", "text/plain")),
                             "content-type-wrong", "content-type"),
    "no content type": (by(Signer(HOUSING_KEY), post("/v1/register", b"{}").without("content-type")),
                        "content-type-wrong", "content-type"),
    "no digest": (by(Signer(HOUSING_KEY), post("/v1/register", b"{}").without("content-digest")), "digest-missing",
                  "content-digest"),
    "no idempotency id": (by(Signer(HOUSING_KEY), post("/v1/register", b"{}").without("idempotency-key")),
                          "field-invalid", "idempotency-key"),
    "an idempotency id that is no UUIDv7": (by(Signer(HOUSING_KEY), post("/v1/register", b"{}", idempotency="1")),
                                            "field-invalid", "idempotency-key"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_each_defect_has_its_own_code(name: str) -> None:
    draft, code, pointer = REFUSED[name]
    assert code_for(draft) == (code, pointer)


@pytest.mark.parametrize("name", ["host", "signature", "signature-input", "content-type", "marac-officer"])
def test_a_field_that_stands_twice_is_refused_even_with_one_value(name: str) -> None:
    with pytest.raises(RequestRejected, match="field-repeated"):
        Fields([(name.encode(), b"x"), (name.upper().encode(), b"x")])


def test_fields_that_nobody_reads_may_stand_twice() -> None:
    draft = by(Signer(HOUSING_KEY)).adding(("via", "1.1 a"), ("via", "1.1 b"))
    assert judged(draft).party.id == HOUSING


@pytest.mark.parametrize("change", ["method", "path", "query"])
def test_a_request_line_changed_on_the_way_does_not_verify(change: str) -> None:
    draft = by(Signer(HOUSING_KEY), Draft(query="a=1"))
    changed = {"method": replace(draft, method="PUT"), "path": replace(draft, path="/v1/area"),
               "query": replace(draft, query="a=2")}  # fmt: skip
    assert code_for(changed[change]) == ("signature-invalid", "signature")


@pytest.mark.parametrize("name", [*WITH_BODY, "marac-officer"])
def test_a_covered_field_changed_on_the_way_does_not_verify(name: str) -> None:
    draft = by(Signer(HOUSING_KEY), post("/v1/register", b"{}", NAMED))
    swapped = {
        "content-type": "Application/JSON",
        "content-digest": "sha-256=:" + "A" * 43 + "=:",
        "idempotency-key": "0199f2b1-5c1e-7c52-9d52-0a6f3b1f6a11",
        "marac-officer": KEYLESS,
    }
    assert code_for(draft.saying(name, swapped[name])) == ("signature-invalid", "signature")


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    draft = by(Signer(HOUSING_KEY))
    value = draft.value("signature")
    for position in range(len("agency=:"), len(value) - 4):
        changed = value[:position] + ("A" if value[position] != "A" else "B") + value[position + 1 :]
        assert code_for(draft.saying("signature", changed))[0] == "signature-invalid"


def test_the_window_of_created_includes_its_ends() -> None:
    for seconds in (-300, 5):
        assert judged(by(Signer(HOUSING_KEY).at(NOW + timedelta(seconds=seconds)))).party.id == HOUSING


def test_a_nonce_is_kept_for_as_long_as_its_claim_could_pass_again() -> None:
    claim = judged(by(Signer(HOUSING_KEY).at(NOW + timedelta(seconds=5)))).claims[0]
    assert nonce_expires(claim) > NOW + timedelta(seconds=305)


def test_a_revoked_key_is_told_so_whether_agencys_or_officers() -> None:
    for id_, draft in (
        (HOUSING, by(Signer(HOUSING_KEY))),
        (OFFICER, signed_by(Draft().adding(NAMED), Signer(HOUSING_KEY), Signer(OFFICER_KEY, "officer"))),
    ):
        note = revocation_of(fixed_key(id_).verify_key.keyid, made_area().registrar)
        revocations = verify_revocations([note], made_area().area, usual_register())
        directory = Directory(made_area().area, usual_register(), revocations)
        assert code_for(draft, directory) == ("key-revoked", "signature-input")


def test_a_key_whose_time_is_over_is_unknown() -> None:
    said = said_by(HOUSING)
    ended = replace(said, keys=(replace(said.keys[0], until=NOW),))
    entries = [entry_of(ended) if entry.id == HOUSING else entry for entry in usual_entries()]
    directory = Directory(made_area().area, register_of(entries))
    assert code_for(by(Signer(HOUSING_KEY)), directory) == ("key-unknown", "signature-input")


def test_a_digest_is_sha_256_of_the_body_and_nothing_else() -> None:
    field = post("/", b"made up").value("content-digest")
    check_digest(field, b"made up")
    for other, code in (
        ("sha-512=:AAAA:", "digest-missing"),
        ("", "digest-missing"),
        (f"{field}, sha-512=:AAAA:", "digest-mismatch"),
        ("sha-256=:%%%:", "digest-mismatch"),
    ):
        with pytest.raises(RequestRejected, match=code):
            check_digest(other, b"made up")
    with pytest.raises(RequestRejected, match="digest-mismatch"):
        check_digest(field, b"made down")


# Pieces of true signature fields, so that random text gets past the parser often enough to meet the checks behind.
PIECES = st.sampled_from(
    ["agency=", "officer=", "(", ")", '"@method"', '"@path"', " ", ";", "created=1", 'nonce="', "?1", ":AAAA:", ":",
     ",", "=", "@1", "%\"", "\\", "é", "\x00", ";created", "9" * 30, "-", 'alg="ed25519"', "*", "();" * 50]
)  # fmt: skip
HOSTILE = st.one_of(st.text(st.characters(max_codepoint=255)), st.lists(PIECES, max_size=40).map("".join))


@given(HOSTILE, HOSTILE)
def test_hostile_signature_fields_are_refused_and_never_fail(signature_input: str, signature: str) -> None:
    draft = Draft().adding(("signature-input", signature_input), ("signature", signature))
    with pytest.raises(RequestRejected) as caught:
        judged(draft)
    assert caught.value.public in CATALOGUE


@given(HOSTILE)
def test_hostile_parameters_beside_true_ones_are_refused_and_never_fail(parameters: str) -> None:
    draft = by(Signer(HOUSING_KEY))
    with pytest.raises(RequestRejected):
        judged(draft.saying("signature-input", draft.value("signature-input") + ";x" + parameters))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)), HOSTILE)
def test_hostile_paths_and_queries_never_fail(path: str, query: str) -> None:
    fields = arrival_of(by(Signer(HOUSING_KEY))).fields
    with pytest.raises(RequestRejected):
        authenticate(examine(Arrival("GET", f"/{path}", query + "x", fields), AREA, NOW), DIRECTORY, NOW)


@given(st.lists(st.tuples(st.binary(), st.binary())))
def test_hostile_fields_never_fail(lines: list[tuple[bytes, bytes]]) -> None:
    try:
        fields = Fields(lines)
    except RequestRejected:
        return
    assert fields.announces_body in {True, False}


def test_what_is_covered_by_default_is_what_the_format_lists() -> None:
    assert usual_cover(post("/", b"{}", NAMED)) == [*ALWAYS, *WITH_BODY, "marac-officer"]
