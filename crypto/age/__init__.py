"""age v1 files: encrypt to recipients, decrypt with identities. Format: c2sp.org/age."""

from crypto.age.armor import armor, dearmor
from crypto.age.file import (
    AnyIdentity,
    AnyRecipient,
    Opened,
    Sealed,
    decrypt,
    decrypt_stream,
    encrypt,
    encrypt_stream,
    seal,
    split,
    stanza_count,
    unwrap,
)
from crypto.age.passphrase import Passphrase
from crypto.age.recipients import (
    HybridIdentity,
    HybridRecipient,
    Identity,
    Recipient,
    X25519Identity,
    X25519Recipient,
    generate_identity,
    parse_identity,
    parse_identity_file,
    parse_recipient,
)

__all__ = [
    "AnyIdentity",
    "AnyRecipient",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "Opened",
    "Passphrase",
    "Recipient",
    "Sealed",
    "X25519Identity",
    "X25519Recipient",
    "armor",
    "dearmor",
    "decrypt",
    "decrypt_stream",
    "encrypt",
    "encrypt_stream",
    "generate_identity",
    "parse_identity",
    "parse_identity_file",
    "parse_recipient",
    "seal",
    "split",
    "stanza_count",
    "unwrap",
]
