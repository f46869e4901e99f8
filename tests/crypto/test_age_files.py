"""age files: laws, refusals, the split, secrecy. c2sp.org/age; crypto/README.md, "Sealed files"."""

import io
from collections.abc import Callable

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import age, b64, bech32
from crypto.age.header import MAX_HEADER_BYTES, Stanza, encode_header, parse_header
from crypto.errors import CryptoError, Malformed, NoRecipients, NotForYou, Tampered, TooCostly
from tests.little_memory import little_memory

CHUNK = 65_536
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1]
HYBRID = age.generate_identity()
CLASSICAL = age.generate_identity("classical")
STRANGER = age.generate_identity()
PASSPHRASE = age.Passphrase("made up, not secret", work_factor=2)
FILE_KEY = bytes(range(16))


class Trickle(io.BytesIO):
    """A source that hands out a few bytes at a time, as a pipe may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7919, size) if size is not None and size >= 0 else 7919)


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def header_of(*stanzas: Stanza) -> bytes:
    return encode_header(stanzas, FILE_KEY)


@pytest.mark.parametrize("identity", [HYBRID, CLASSICAL, PASSPHRASE], ids=["hybrid", "classical", "passphrase"])
@pytest.mark.parametrize("length", EDGES)
def test_decrypt_after_encrypt_is_identity_at_the_edges_of_chunks(identity: age.AnyIdentity, length: int) -> None:
    plaintext = bytes(i % 251 for i in range(length))
    recipient = identity if isinstance(identity, age.Passphrase) else identity.recipient()
    file = age.encrypt(plaintext, [recipient])
    assert age.decrypt(file, [identity]) == plaintext
    out = io.BytesIO()
    age.decrypt_stream(Trickle(file), out, [identity])
    assert out.getvalue() == plaintext
    streamed = io.BytesIO()
    age.encrypt_stream(Trickle(plaintext), streamed, [recipient])
    assert len(streamed.getvalue()) == len(file)
    assert age.decrypt(streamed.getvalue(), [identity]) == plaintext


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_decrypt_after_encrypt_is_identity_for_several_recipients(plaintext: bytes) -> None:
    file = age.encrypt(plaintext, [STRANGER.recipient(), HYBRID.recipient()])
    assert age.stanza_count(age.split(file)[0]) == 2
    assert age.decrypt(file, [HYBRID]) == age.decrypt(file, [STRANGER]) == plaintext
    assert age.decrypt(file, [CLASSICAL, HYBRID]) == plaintext


def test_two_files_of_one_plaintext_have_nothing_in_common_but_the_form() -> None:
    first, second = (age.seal(b"the same words") for _ in range(2))
    assert first.payload[:16] != second.payload[:16]
    assert first.header_for([HYBRID.recipient()]) != first.header_for([HYBRID.recipient()])


def test_every_flipped_bit_of_a_classical_file_raises_from_the_family() -> None:
    file = age.encrypt(b"made up", [CLASSICAL.recipient()])
    for bit in range(len(file) * 8):
        with pytest.raises((Malformed, NotForYou, Tampered)):
            age.decrypt(flipped(file, bit), [CLASSICAL])


@settings(max_examples=200)
@given(st.data())
def test_any_flipped_bit_of_a_hybrid_file_raises_from_the_family(data: st.DataObject) -> None:
    file = age.encrypt(b"made up", [HYBRID.recipient(), STRANGER.recipient()])
    with pytest.raises((Malformed, NotForYou, Tampered)):
        age.decrypt(flipped(file, data.draw(st.integers(0, len(file) * 8 - 1))), [HYBRID])


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"age-encryption.org/v1\n" + rest))
def test_random_bytes_are_malformed_in_every_reader(raw: bytes) -> None:
    readers: list[Callable[[bytes], object]] = [
        lambda b: age.decrypt(b, [HYBRID]),
        lambda b: age.unwrap(b, [HYBRID]),
        age.split,
        age.stanza_count,
        lambda b: age.decrypt_stream(io.BytesIO(b), io.BytesIO(), [HYBRID]),
    ]
    for read in readers:
        with pytest.raises(Malformed):
            read(raw)


@given(st.text())
def test_random_text_is_malformed_in_every_reader(text: str) -> None:
    readers: list[Callable[[str], object]] = [
        age.parse_identity,
        age.parse_recipient,
        age.dearmor,
        age.parse_identity_file,
    ]
    for read in readers:
        with pytest.raises(Malformed):
            read(text)


@given(st.binary(max_size=500))
def test_armor_round_trips_and_bears_crlf_and_surrounding_white_space(file: bytes) -> None:
    text = age.armor(file)
    assert age.dearmor(text) == file
    assert age.dearmor("\n \t" + text.replace("\n", "\r\n") + "\n\n") == file
    assert max(len(line) for line in text.splitlines()) <= 64


arguments = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=9)
stanzas = st.builds(Stanza, arguments, st.lists(arguments, max_size=3).map(tuple), st.binary(max_size=150))


@given(st.lists(stanzas, min_size=1, max_size=4))
def test_a_header_that_parses_re_encodes_identically(made: list[Stanza]) -> None:
    header = encode_header(made, FILE_KEY)
    parsed = parse_header(header)
    assert list(parsed.stanzas) == made
    parsed.check_mac(FILE_KEY)
    assert encode_header(parsed.stanzas, FILE_KEY) == header
    assert age.split(header + b"payload") == (header, b"payload")


@pytest.mark.parametrize(
    "stanza",
    [b"-> \n\n", b"->  a\n\n", b"-> a \n\n", b"-> a  b\n\n", b"-> a\tb\n\n", b"-> a\x7f\n\n", b"-> \xc3\xa9\n\n",
     b"-> a\r\n\n", b"->a\n\n", b"-> a\n", b"-> a\nQR\n", b"-> a\nQQ==\n", b"-> a\n\n\n", b"-> a\n" + 64 * b"A" + b"\n",
     b"-> a\n" + 65 * b"A" + b"\n", b"-> a\n" + 32 * b"A" + b"\n" + 32 * b"A" + b"\n"],
)  # fmt: skip
def test_a_stanza_has_one_form(stanza: bytes) -> None:
    mac = b"--- " + 43 * b"A" + b"\n"
    assert parse_header(b"age-encryption.org/v1\n-> a\n\n" + mac).stanzas == (Stanza("a", (), b""),)
    for stanzas in (stanza, b"-> a\n\n" + stanza, stanza + b"-> a\n\n"):
        with pytest.raises(Malformed):
            parse_header(b"age-encryption.org/v1\n" + stanzas + mac)


@pytest.mark.parametrize(
    "mac",
    [b"", b"---\n", b"--- \n", b"--- " + 42 * b"A" + b"\n", b"--- " + 42 * b"A" + b"B\n", b"--- " + 43 * b"A",
     b"--- " + 43 * b"A" + b"=\n", b"---  " + 43 * b"A" + b"\n"],
)  # fmt: skip
def test_a_mac_line_has_one_form(mac: bytes) -> None:
    with pytest.raises(Malformed):
        parse_header(b"age-encryption.org/v1\n-> a\n\n" + mac)


def test_each_identity_text_round_trips_and_finds_its_recipient() -> None:
    for identity in (HYBRID, CLASSICAL):
        assert age.parse_identity(identity.encode()) == identity
        recipient = age.parse_recipient(str(identity.recipient()))
        assert recipient == identity.recipient()
        assert recipient.hybrid == (identity is HYBRID)
        assert age.parse_recipient(str(recipient)) is recipient  # parsed once, kept


def test_an_identity_file_holds_keys_and_comments_and_nothing_else() -> None:
    text = f"# created: 2026-11-22T09:30:00Z\n# {HYBRID.recipient()}\n{HYBRID.encode()}\n\n{CLASSICAL.encode()}\n"
    assert age.parse_identity_file(text) == [HYBRID, CLASSICAL]
    assert age.parse_identity_file(text.replace("\n", "\r\n")) == [HYBRID, CLASSICAL]
    for broken in ("", "# only a comment\n", text + "marac-signing-key a b\n"):
        with pytest.raises(Malformed):
            age.parse_identity_file(broken)


@pytest.mark.parametrize(
    "text",
    [
        bech32.encode("age", bytes(31)),
        bech32.encode("age1pq", bytes(1215)),
        bech32.encode("age1pq", b"\xff" * 1216),
        bech32.encode("age1tag", bytes(33)),
        str(CLASSICAL.recipient()).upper(),
        CLASSICAL.encode(),
    ],
)
def test_what_is_no_recipient_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        age.parse_recipient(text)


@pytest.mark.parametrize(
    "text",
    [
        bech32.encode("AGE-SECRET-KEY-", bytes(31)),
        bech32.encode("AGE-SECRET-KEY-PQ-", bytes(33)),
        CLASSICAL.encode().lower(),
        HYBRID.encode() + "\n",
        str(HYBRID.recipient()),
    ],
)
def test_what_is_no_secret_key_is_malformed_and_not_quoted(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        age.parse_identity(text)
    assert text not in str(refusal.value)


# Points of order 1, 2, 4 and 8, and one that is zero only once reduced; RFC 7748 has them multiply to nothing.
LOW_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("ec" + "ff" * 30 + "7f"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ed" + "ff" * 30 + "7f"),
]


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_recipient_of_low_order_is_none(point: bytes) -> None:
    mlkem = bech32.parse(str(HYBRID.recipient()))[1][:1184]
    for text in (bech32.encode("age", point), bech32.encode("age1pq", mlkem + point)):
        with pytest.raises(Malformed, match="low order"):
            age.parse_recipient(text)


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_share_of_low_order_is_malformed_in_either_type(point: bytes) -> None:
    for identity, share in ((CLASSICAL, point), (HYBRID, bytes(1088) + point)):
        with pytest.raises(Malformed, match="low order"):
            identity.unwrap(Stanza(identity.recipient().type_, (b64.encode_raw(share),), bytes(32)))


def test_a_stranger_and_a_wrong_passphrase_are_told_it_is_not_for_them() -> None:
    with pytest.raises(NotForYou):
        age.decrypt(age.encrypt(b"", [HYBRID.recipient()]), [STRANGER, CLASSICAL, PASSPHRASE])
    with pytest.raises(NotForYou):
        age.decrypt(age.encrypt(b"", [PASSPHRASE]), [age.Passphrase("another", work_factor=2), HYBRID])
    with pytest.raises(NotForYou):
        age.decrypt(age.encrypt(b"", [HYBRID.recipient()]), [])


def test_nothing_is_sealed_to_nobody() -> None:
    with pytest.raises(NoRecipients):
        age.encrypt(b"", [])
    with pytest.raises(NoRecipients):
        age.encrypt_stream(io.BytesIO(b""), io.BytesIO(), [])


def test_hybrid_and_classical_never_share_a_header_when_sealing_or_opening() -> None:
    with pytest.raises(Malformed, match="hybrid and classical"):
        age.encrypt(b"", [HYBRID.recipient(), CLASSICAL.recipient()])
    mixed = header_of(HYBRID.recipient().wrap(FILE_KEY), CLASSICAL.recipient().wrap(FILE_KEY))
    with pytest.raises(Malformed, match="hybrid and classical"):
        age.unwrap(mixed, [HYBRID])


def test_a_passphrase_stands_alone_in_its_header() -> None:
    with pytest.raises(Malformed, match="passphrase beside"):
        age.encrypt(b"", [PASSPHRASE, PASSPHRASE])
    with pytest.raises(Malformed, match="passphrase beside"):
        age.unwrap(header_of(PASSPHRASE.wrap(FILE_KEY), HYBRID.recipient().wrap(FILE_KEY)), [HYBRID])


def test_a_passphrase_is_not_empty_is_text_and_has_a_work_factor_we_can_pay() -> None:
    for text, factor in (("", 18), ("\ud800", 18), ("a", 0), ("a", 21)):
        with pytest.raises(Malformed):
            age.Passphrase(text, work_factor=factor)
    stanza = PASSPHRASE.wrap(FILE_KEY)
    for factor_text in ("21", "99", "0", "01", "+2", "2 ", "two", "100"):
        costly = Stanza(stanza.type_, (stanza.arguments[0], factor_text), stanza.body)
        with pytest.raises(Malformed):
            PASSPHRASE.unwrap(costly)
    assert age.Passphrase("a").work_factor == 18


def test_a_header_has_a_size_beyond_which_it_is_neither_made_nor_read() -> None:
    with pytest.raises(Malformed, match="too many recipients"):
        header_of(*[Stanza("example.com/x", (), bytes(1500))] * 80)
    endless = b"age-encryption.org/v1\n" + b"-> x\n\n" * MAX_HEADER_BYTES
    with pytest.raises(Malformed, match="does not end"):
        age.decrypt_stream(io.BytesIO(endless), io.BytesIO(), [HYBRID])
    with pytest.raises(Malformed):
        age.unwrap(endless, [HYBRID])


def test_a_header_whose_mac_is_another_s_is_tampered_with() -> None:
    header = age.seal(b"").header_for([HYBRID.recipient()])
    with pytest.raises(Tampered, match="header"):
        age.unwrap(header.replace(b"\n--- ", b"\n-> extra\n\n--- "), [HYBRID])


@pytest.mark.parametrize("length", [5, CHUNK, CHUNK + 5, 3 * CHUNK])
def test_a_payload_cut_short_reordered_or_added_to_is_tampered_with(length: int) -> None:
    sealed = age.seal(bytes(length))
    opened = age.unwrap(sealed.header_for([HYBRID.recipient()]), [HYBRID])
    nonce, chunks = sealed.payload[:16], sealed.payload[16:]
    parts = [chunks[i : i + CHUNK + 16] for i in range(0, len(chunks), CHUNK + 16)]
    changed = [b"", nonce[:15], nonce, sealed.payload[:-1], sealed.payload + b"x", sealed.payload + parts[-1]]
    changed += [nonce + b"".join(parts[:n]) for n in range(len(parts))]
    changed += [nonce + b"".join(reversed(parts)) for _ in parts[1:]]
    changed += [nonce + b"".join(parts[1:]), flipped(nonce, 0) + chunks, nonce + parts[0][:7]]
    for payload in changed:
        with pytest.raises(Tampered):
            opened.decrypt(payload)


def test_an_unauthenticated_chunk_is_never_written() -> None:
    plaintext = bytes(3 * CHUNK)
    file = age.encrypt(plaintext, [HYBRID.recipient()])
    out = io.BytesIO()
    with pytest.raises(Tampered):
        age.decrypt_stream(io.BytesIO(flipped(file, (len(file) - 40) * 8)), out, [HYBRID])
    assert out.getvalue() == plaintext[: 2 * CHUNK]


def test_one_payload_opens_behind_each_of_its_headers_and_for_nobody_else() -> None:
    sealed = age.seal(b"one payload, several headers")
    first = sealed.header_for([HYBRID.recipient()])
    opened = age.unwrap(first, [HYBRID])
    second = opened.header_for([STRANGER.recipient()])
    assert age.decrypt(second + sealed.payload, [STRANGER]) == opened.decrypt(sealed.payload)
    with pytest.raises(NotForYou):
        age.decrypt(second + sealed.payload, [HYBRID])
    other = age.seal(b"another message")
    with pytest.raises(Tampered):
        opened.decrypt(other.payload)


def test_a_header_names_nobody() -> None:
    header = age.seal(b"").header_for([HYBRID.recipient()])
    assert str(HYBRID.recipient()).encode() not in header
    assert 1500 < len(header) < 1700  # what design.md counts on


def test_no_secret_in_repr() -> None:
    sealed = age.seal(b"Hugo Example")
    opened = age.unwrap(sealed.header_for([HYBRID.recipient()]), [HYBRID])
    shown = " ".join(repr(value) + str(value) for value in (HYBRID, CLASSICAL, PASSPHRASE, sealed, opened))
    assert shown.replace("()", "") == " ".join(
        2 * name for name in ("HybridIdentity", "X25519Identity", "Passphrase(work_factor=2)", "Sealed", "Opened")
    )


def test_pyrage_opens_what_we_seal_and_we_open_what_pyrage_seals() -> None:
    theirs = pyrage.x25519.Identity.generate()
    ours = age.parse_identity(str(theirs))
    assert str(ours.recipient()) == str(theirs.to_public())
    for length in EDGES:
        plaintext = bytes(i % 253 for i in range(length))
        assert pyrage.decrypt(age.encrypt(plaintext, [ours.recipient()]), [theirs]) == plaintext
        assert age.decrypt(pyrage.encrypt(plaintext, [theirs.to_public()]), [ours]) == plaintext


def test_pyrage_opens_our_passphrase_files_and_our_armor() -> None:
    file = age.encrypt(b"made up", [PASSPHRASE])
    assert pyrage.passphrase.decrypt(file, "made up, not secret") == b"made up"
    assert pyrage.passphrase.decrypt(age.armor(file).encode(), "made up, not secret") == b"made up"


def test_every_error_of_the_room_is_of_the_family() -> None:
    for error in (Malformed, NotForYou, Tampered, NoRecipients):
        assert issubclass(error, CryptoError)


def test_nothing_follows_a_header() -> None:
    header = age.seal(b"").header_for([HYBRID.recipient()])
    with pytest.raises(Malformed, match="follows"):
        age.unwrap(header + b"x", [HYBRID])


def test_a_passphrase_that_takes_more_memory_than_there_is_is_a_refusal_and_no_fault() -> None:
    file = age.encrypt(b"", [PASSPHRASE]).replace(b" 2\n", b" 20\n", 1)
    with little_memory():
        with pytest.raises(TooCostly, match="more memory than there is"):
            age.decrypt(file, [PASSPHRASE])
        with pytest.raises(TooCostly):
            age.encrypt(b"", [age.Passphrase("made up, not secret", work_factor=20)])
    assert issubclass(TooCostly, Malformed)
