"""Whole age files, and the one split that this project needs: one payload, several headers. Source: c2sp.org/age."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from crypto.age.header import FILE_KEY_BYTES, Header, Stanza, encode_header, parse_beginning, parse_header, read_header
from crypto.age.passphrase import Passphrase
from crypto.age.recipients import HybridRecipient, Identity, Recipient, X25519Recipient, check_stanza
from crypto.age.stream import decrypt_chunks, decrypt_payload, encrypt_chunks, encrypt_payload, write_all
from crypto.draw import draw_bytes
from crypto.errors import Malformed, NoRecipients, NotForYou
from crypto.secret import Secret, unlisted

AnyRecipient: TypeAlias = Recipient | Passphrase
AnyIdentity: TypeAlias = Identity | Passphrase


@unlisted
@dataclass(frozen=True, slots=True)
class Sealed(Secret):
    """A payload just encrypted, whose file key can still be wrapped; the key never leaves this value."""

    payload: bytes = field(repr=False)
    _file_key: bytes = field(repr=False)

    def header_for(self, recipients: Sequence[AnyRecipient]) -> bytes:
        """Return a header before which the payload opens for each of `recipients`, and names nobody else.

        Raises NoRecipients; Malformed if hybrid and classical, or a passphrase and anything, are mixed.
        """
        return _header_for(self._file_key, recipients)


@unlisted
@dataclass(frozen=True, slots=True)
class Opened(Secret):
    """A header that one of our identities opened and whose MAC is right."""

    _file_key: bytes = field(repr=False)

    def decrypt(self, payload: bytes) -> bytes:
        """Return the plaintext of `payload`, all of it authenticated. Raises Tampered."""
        return decrypt_payload(self._file_key, payload)

    def header_for(self, recipients: Sequence[AnyRecipient]) -> bytes:
        """Return another header for the same payload. Raises as `Sealed.header_for` does."""
        return _header_for(self._file_key, recipients)


def encrypt(plaintext: bytes, recipients: Sequence[AnyRecipient]) -> bytes:
    """Return an age v1 file that each of `recipients` can open.

    Raises NoRecipients; Malformed for recipients that do not go together.
    """
    sealed = seal(plaintext)
    return sealed.header_for(recipients) + sealed.payload


def decrypt(file: bytes, identities: Sequence[AnyIdentity]) -> bytes:
    """Return the plaintext; no byte of it is released before it is authenticated.

    Raises Malformed, NotForYou if no stanza is ours, Tampered if anything was changed.
    """
    header = parse_beginning(file)
    return decrypt_payload(_file_key_of(header, identities), file[header.n_bytes :])


def encrypt_stream(src: BinaryIO, dst: BinaryIO, recipients: Sequence[AnyRecipient]) -> None:
    """Write the age v1 file of what `src` holds to `dst`, in constant memory.

    Raises as `encrypt` does; BlockingIOError if one of the two does not wait.
    """
    file_key = draw_bytes(FILE_KEY_BYTES)
    write_all(dst, _header_for(file_key, recipients))
    encrypt_chunks(file_key, src, dst)


def decrypt_stream(src: BinaryIO, dst: BinaryIO, identities: Sequence[AnyIdentity]) -> None:
    """Write the plaintext of the age file in `src` to `dst`, in constant memory.

    Raises as `decrypt` does; BlockingIOError if one of the two does not wait. After Tampered, what `dst` holds is
    authentic but not the whole: discard it.
    """
    header = parse_header(read_header(src))
    decrypt_chunks(_file_key_of(header, identities), src, dst)


def seal(plaintext: bytes) -> Sealed:
    """Return `plaintext` encrypted under a fresh file key, with no header yet."""
    file_key = draw_bytes(FILE_KEY_BYTES)
    return Sealed(encrypt_payload(file_key, plaintext), file_key)


def unwrap(header: bytes, identities: Sequence[AnyIdentity]) -> Opened:
    """Return what opens the payload, once the header's MAC is checked.

    Raises Malformed, NotForYou if no stanza is ours, Tampered if the header was changed.
    """
    return Opened(_file_key_of(parse_header(header), identities))


def split(file: bytes) -> tuple[bytes, bytes]:
    """Return the header and the payload of `file`; the header follows the grammar. Raises Malformed."""
    end = parse_beginning(file).n_bytes
    return file[:end], file[end:]


def stanza_count(header: bytes) -> int:
    """Return how many times `header` wraps the file key. Raises Malformed."""
    return len(parse_header(header).stanzas)


def stanza_types(header: bytes) -> tuple[str, ...]:
    """Return for which types of recipient `header` wraps the file key, one for each time. Raises Malformed."""
    return tuple(stanza.type_ for stanza in parse_header(header).stanzas)


def check_header(header: bytes) -> None:
    """Return only if every stanza of `header` has the form of a native type, hybrid and classical not mixed.

    Raises Malformed. The MAC is not checked: that takes the file key.
    """
    parsed = parse_header(header)
    _check_mixture(parsed.stanzas)
    for stanza in parsed.stanzas:
        check_stanza(stanza)


def _header_for(file_key: bytes, recipients: Sequence[AnyRecipient]) -> bytes:
    if not recipients:
        raise NoRecipients("nothing is encrypted to nobody")
    _check_mixture(recipients)
    # Half by half for all, not `wrap` for each: the libraries' code stays in the processor's cache (2 to 5 per cent).
    begun = [recipient.begin(file_key) for recipient in recipients]
    stanzas = [recipient.finish(half, file_key) for recipient, half in zip(recipients, begun, strict=True)]
    return encode_header(stanzas, file_key)


def _file_key_of(header: Header, identities: Sequence[AnyIdentity]) -> bytes:
    _check_mixture(header.stanzas)
    for stanza in header.stanzas:
        for identity in identities:
            file_key = identity.unwrap(stanza)
            if file_key is not None:
                header.check_mac(file_key)
                return file_key
    raise NotForYou("none of the identities opens the file")


def _check_mixture(several: Sequence[AnyRecipient] | Sequence[Stanza]) -> None:
    if len(several) == 1:
        return  # the common case: nothing to be mixed with
    types = {one.type_ for one in several}
    if Passphrase.type_ in types:
        raise Malformed("a passphrase beside another recipient")
    if HybridRecipient.type_ in types and X25519Recipient.type_ in types:
        raise Malformed("hybrid and classical recipients in one header")
