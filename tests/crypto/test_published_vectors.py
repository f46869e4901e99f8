"""Published answers that need a line or two: RFC 8032, RFC 7748, RFC 6962 and 9162, BIP 173, c2sp.org/tlog-proof.

The HPKE family is in test_published_hpke.py; longer sets stand in the tests of their subject.
"""

import hashlib
import hmac
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto import age, b64, bech32, merkle, tlog
from crypto.age.header import Stanza
from crypto.errors import BadProof, BadSignature
from crypto.keys import generate_signing_key, parse_signing_key
from crypto.merkle import Hash

PUBLISHED = Path(cryptography_vectors.__file__).parent / "asymmetric"
FILE_KEY = bytes(range(16))

# RFC 8032, section 7.1: where its tests stand in the Ed25519 paper's `sign.input`; the last one is not there.
RFC_8032_LINES = {"TEST 1": 0, "TEST 2": 1, "TEST 3": 2, "TEST 1024": 1023}
RFC_8032_SHA_ABC = (
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    hashlib.sha512(b"abc").hexdigest(),
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
    "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
)

# BIP 173: the one invalid string that is so by its length alone. c2sp.org/age sets no limit.
BIP_173_LONG = "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx"

# Source: c2sp.org/tlog-proof, the example at its head, but for its signatures, which are not written out there.
TLOG_PROOF = """\
c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
"""


def rfc_8032(name: str) -> tuple[str, ...]:
    if name not in RFC_8032_LINES:
        return RFC_8032_SHA_ABC
    line = (PUBLISHED / "Ed25519/sign.input").read_text().splitlines()[RFC_8032_LINES[name]]
    secret, public, message, signed = line.split(":")[:4]
    return secret[:64], public, message, signed[:128]


@pytest.mark.parametrize("name", [*RFC_8032_LINES, "TEST SHA(abc)"])
def test_rfc_8032_signatures_are_ours(name: str) -> None:
    secret, public, message, signature = (bytes.fromhex(part) for part in rfc_8032(name))
    key = parse_signing_key(f"marac-signing-key marac.example/gateway {b64.encode_padded(secret)}")
    assert key.verify_key.public == public
    assert key.sign(message) == signature
    key.verify_key.verify(message, signature)
    with pytest.raises(BadSignature):
        key.verify_key.verify(message + b"!", signature)


def test_rfc_7748_shared_secrets_are_those_that_an_age_key_derives() -> None:
    """Section 5.2. The stanza is made here as c2sp.org/age says, from the published result."""
    fields = [
        line.split(" = ")[1] for line in (PUBLISHED / "X25519/rfc7748.txt").read_text().splitlines() if " = " in line
    ]
    assert len(fields) == 4 * 3
    for scalar, share, shared_secret in zip(fields[1::4], fields[2::4], fields[3::4], strict=True):
        identity = age.parse_identity(bech32.encode("AGE-SECRET-KEY-", bytes.fromhex(scalar)))
        salt = bytes.fromhex(share) + bech32.parse(str(identity.recipient()))[1]
        key = hmac.digest(salt, bytes.fromhex(shared_secret), "sha256")
        wrap_key = hmac.digest(key, b"age-encryption.org/v1/X25519" + b"\x01", "sha256")
        body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), FILE_KEY, None)
        assert identity.unwrap(Stanza("X25519", (b64.encode_raw(bytes.fromhex(share)),), body)) == FILE_KEY


@pytest.mark.parametrize(
    ("index", "path"), [(0, "b h l"), (3, "c g l"), (4, "f j k"), (6, "i k")], ids=["d0", "d3", "d4", "d6"]
)
def test_rfc_9162_audit_paths_of_its_seven_leaves(index: int, path: str) -> None:
    """RFC 9162, section 2.1.5, and RFC 6962, section 2.1.3: nodes by the letters of the figure."""
    tree = Seven()
    assert tree.letters(merkle.inclusion_path(index, 7, tree.read)) == path
    merkle.verify_inclusion(tree.leaves[index], index, 7, [tree.nodes[letter] for letter in path.split()], tree.root(7))


@pytest.mark.parametrize(("old", "path"), [(3, "c d g l"), (4, "l"), (6, "i j k")])
def test_rfc_9162_consistency_paths_of_its_seven_leaves(old: int, path: str) -> None:
    tree = Seven()
    assert tree.letters(merkle.consistency_path(old, 7, tree.read)) == path
    nodes = [tree.nodes[letter] for letter in path.split()]
    merkle.verify_consistency(old, tree.root(old), 7, tree.root(7), nodes)


class Seven:
    """The figure of RFC 9162, section 2.1.5, hashed node by node as it is drawn."""

    def __init__(self) -> None:
        self.leaves = [merkle.leaf_hash(b"d%d" % number) for number in range(7)]
        a, b, c, d, e, f, j = self.leaves
        g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
        k, l_ = merkle.node_hash(g, h), merkle.node_hash(i, j)
        self.nodes: dict[str, Hash] = dict(zip("abcdefghijkl", (a, b, c, d, e, f, g, h, i, j, k, l_), strict=True))

    def read(self, level: int, index: int) -> Hash:
        return self.nodes[["abcdefj", "ghi", "k"][level][index]]

    def letters(self, path: list[Hash]) -> str:
        return " ".join(next(letter for letter, node in self.nodes.items() if node == hash_) for hash_ in path)

    def root(self, size: int) -> Hash:
        g, c, k, i, l_ = (self.nodes[letter] for letter in "gckil")
        left, right = {3: (g, c), 4: (g, self.nodes["h"]), 6: (k, i), 7: (k, l_)}[size]
        return merkle.node_hash(left, right)


def test_bip_173_s_string_that_is_too_long_for_an_address_is_not_too_long_for_age() -> None:
    prefix, payload = bech32.parse(BIP_173_LONG)
    assert (prefix, payload) == (BIP_173_LONG.removesuffix("1569pvx"), b"")
    assert bech32.encode(prefix, payload) == BIP_173_LONG


def test_the_tlog_proof_specification_s_example_is_read_and_written_as_it_stands() -> None:
    log = generate_signing_key("example.com/fancylog")
    origin, size, root = TLOG_PROOF.partition("\n\n")[2].splitlines()
    signed = tlog.sign_checkpoint(tlog.Checkpoint(origin, int(size), b64.parse_padded(root)), log)
    text = TLOG_PROOF + signed.removeprefix(TLOG_PROOF.partition("\n\n")[2])
    proof = tlog.parse_proof(text)
    assert (proof.index, len(proof.path), proof.checkpoint) == (73_894, 5, signed)
    assert proof.extra is not None
    assert proof.extra.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert tlog.encode_proof(proof) == text
    with pytest.raises(BadProof, match="too short"):  # the path of a tree of 109,482 has more hashes than the example
        tlog.verify_proof(text, b"made up", [log.verify_key])
