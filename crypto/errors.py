"""The one family of errors that this room raises; no message carries content or a key."""


class CryptoError(Exception):
    """Root of everything that crypto/ refuses."""


class Malformed(CryptoError):
    """The bytes are not in the one form that the format allows."""


class TooCostly(Malformed):
    """A passphrase file asks for more memory than there is."""


class NoRecipients(CryptoError):
    """Nothing is encrypted to nobody."""


class NotForYou(CryptoError):
    """None of the identities opens the file, or the passphrase is another one."""


class Tampered(CryptoError):
    """The file was changed, cut short, reordered or added to after it was made."""


class BadSignature(CryptoError):
    """A signature does not verify, or no trusted key signed."""


class BadProof(CryptoError):
    """A Merkle proof does not lead where it claims to."""


class SelfTestFailed(CryptoError):
    """A primitive of this machine gives a wrong answer: nothing may be sealed or opened with it."""
