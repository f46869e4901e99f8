"""Who can open a file by a passphrase. Source: c2sp.org/age, "The scrypt recipient type"."""

import re
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crypto import utf8
from crypto.age.header import Stanza
from crypto.age.wrapping import Begun, first_argument, stanza_of, unwrap, wrap
from crypto.draw import draw_bytes
from crypto.errors import Malformed, TooCostly
from crypto.secret import Secret, unlisted

MAX_WORK_FACTOR = 20  # 1 GiB of memory: what a file from a stranger may cost us at most
_SALT_BYTES = 16
_SCRYPT_LABEL = b"age-encryption.org/v1/scrypt"


@unlisted
@dataclass(frozen=True, slots=True)
class Passphrase(Secret):
    """A passphrase, as recipient and as identity; always alone in its header.

    work_factor   base-two logarithm of scrypt's N, when sealing; 18 takes about a second and 256 MiB
    """

    _text: str = field(repr=False)
    work_factor: int = 18
    type_ = "scrypt"

    def __post_init__(self) -> None:
        if not utf8.encode(self._text):
            raise Malformed("an empty passphrase")
        if not 1 <= self.work_factor <= MAX_WORK_FACTOR:
            raise Malformed("a work factor out of range")

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which this passphrase gets `file_key`."""
        return self.finish(self.begin(file_key), file_key)

    def begin(self, _file_key: bytes) -> Begun:
        """Return the slow half of `wrap`: a salt and the key that follows from it; secret. Raises TooCostly."""
        salt = draw_bytes(_SALT_BYTES)
        return salt, self._wrap_key(salt, self.work_factor)

    def finish(self, begun: Begun, file_key: bytes) -> Stanza:
        """Return the stanza of what `begin` gave."""
        salt, wrap_key = begun
        return stanza_of(self.type_, salt, wrap(wrap_key, file_key), str(self.work_factor))

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key if `stanza` was made with this passphrase, else None. Raises Malformed."""
        if stanza.type_ != self.type_:
            return None
        salt = first_argument(stanza, _SALT_BYTES, arguments=2)
        factor = stanza.arguments[1]
        if not re.fullmatch("[1-9][0-9]?", factor) or int(factor) > MAX_WORK_FACTOR:
            raise Malformed("a scrypt work factor out of range")
        return unwrap(self._wrap_key(salt, int(factor)), stanza.body)

    def _wrap_key(self, salt: bytes, factor: int) -> bytes:
        try:
            return Scrypt(salt=_SCRYPT_LABEL + salt, length=32, n=1 << factor, r=8, p=1).derive(utf8.encode(self._text))
        except MemoryError:  # the factor is the file's wish: what a stranger asks for is refused, not a fault of ours
            raise TooCostly("a scrypt work factor that asks for more memory than there is") from None
