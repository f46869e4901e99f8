"""The start-up self-test: a hybrid KEM that does not give the published answer must not seal or open anything."""

import base64
import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from crypto import age
from crypto.errors import CryptoError, NotForYou, SelfTestFailed


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A published secret key, the digest of its public half as text, a file for it, and the digest of what is in it."""

    identity: str = field(repr=False)
    recipient_sha256: str
    file: bytes = field(repr=False)
    plaintext_sha256: str


def check_hybrid(known: KnownAnswer) -> None:
    """Return only if the hybrid KEM derives, opens and seals as published, and opens nothing that was changed.

    Raises SelfTestFailed: nobody could read what this library seals, or anybody could.
    """
    try:
        identity = age.parse_identity(known.identity)
        public = hashlib.sha256(str(identity.recipient()).encode()).hexdigest()
        opened = hashlib.sha256(age.decrypt(known.file, [identity])).hexdigest()
        again = age.decrypt(age.encrypt(b"self-test", [identity.recipient()]), [identity])
    except CryptoError:
        raise SelfTestFailed("the hybrid KEM does not open what it must") from None
    if (public, opened, again) != (known.recipient_sha256, known.plaintext_sha256, b"self-test"):
        raise SelfTestFailed("the hybrid KEM gives a wrong answer")
    _check_rejects(known.file, identity)


@cache
def check_primitives() -> None:
    """Return only if this machine's libraries pass the self-test; run once a process, a few milliseconds.

    Raises SelfTestFailed.
    """
    check_hybrid(PUBLISHED)


def _check_rejects(file: bytes, identity: age.Identity) -> None:
    at = file.index(b" ", file.index(b"mlkem768x25519")) + 1
    changed = file[:at] + (b"A" if file[at : at + 1] != b"A" else b"B") + file[at + 1 :]  # in the encapsulated key
    try:
        age.decrypt(changed, [identity])
    except NotForYou:
        return
    except CryptoError:
        pass
    raise SelfTestFailed("the hybrid KEM opens what was changed")


PUBLISHED: Final = KnownAnswer(
    identity="AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG",
    recipient_sha256="3391361ba4a3d211173b3161b1460630cee790d95b732cd447313243226cb082",
    plaintext_sha256="013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab",
    file=base64.b64decode(
        "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IG1sa2VtNzY4eDI1NTE5IE5mTGNnQWJ6dk5nZjBhUmI0UEFOQnZ5RHRJRERRS2Y4NEpoaEZsbnZU"
        "MU5VQWNiR05yQXJSWi9UK2JjOWw0eG1LMURTbCtQWGs2bnFxR0JoYU0xZFVpVDdYMTdUVTEvYjloYVpaUHpFYWx2WkhGRE1TZXZmaVpzaGxu"
        "U2djcFdoMHFucGdUeWJvV1RVK3pickg2WUQydWhzaGJKb2l1cWgrUHBYdERNc3RYeDRDZ3hBU3JOVmxmU2wvY2FSVGkyNFFqSVhwQ053RUU0"
        "RndIcm1Bd1VxU0hMVXpHT0hmaVcvY2hPQ1R0RFg1OTF4NDFvNmVaNC9EdDkyVmhvWUtGY3BpYVdiUmhiZW5aWFVKeFBTMUMxc0s4NENWd2tE"
        "SDdMSmpiWUNua3h0M21ldWw4a0tXaWhac1N0WllkLzZib3pxY3pPWDd6TjVQYmFZRDFYcFl3TXdlZHpXbVBtUXp4QnliRDhab2RjUjdoRjdX"
        "VXhTbUZWSDdFeGlZSDNaTmJEQVZjZ0d3bGtURm1VbWFUQ2JqR1pUdjhNK2VqbXZTdFFIZ0N0UGk0R0dSZEpGcjNIenZSem02YnZyZEYvcmRT"
        "UFJGdFJWTTdEOW83WkFBcXVEMVBCeUUwWTVZQ1I0L3ZtVGxJbFJ3RlhrNGJlK1RzQUkrR290dWpvdTZucmlnd25mcW9HaU5TdmkvWlZ2U0tu"
        "RG9aUElFNXF3T05DZWVKQjhDZVJocVhFanZndHdjMnpjV1VCdGpTSmdOTCtqODg3azJoMHhsWHBRcWxtRERIc0JPQ1AzL1ZvTStOWlVScUkr"
        "Um9UdWRjd1RsOFRnbWhHclF5dG5vdnVXRkR2RTlIZ1BBczY3ZFBSQzY0LzNSRVMzaEYyQzYvUjFwUUFuQzdTMmlTaWpKbnlGbGFESldmY1p2"
        "dk5vYW1waER2NjNrVU5iN2I5VjhFK3h3cUY4R2t1WEpuQkZEbzBQdUp6OHFXSDdzRE1FT2hJSW5tYW5EaXU2Sy85ak9DdWJZTmROY1hyalFr"
        "bmx2azFrRmRqWjJ4WW5DNlF1cUE1K3FITUJwZ3JnMzAxUFgxNTRYNEtVY3hBM1BvRnlZTmV4YUJLM25qa3M3UE54bDdIeVpJV2pqRGx6NTBX"
        "clFuRXFCamw4UlZWdW5lTDN2Z1Z5VTQ1R1NWV1FWT0g0SzZhZXBXUDArcDdXVUQ1MnJoZFZINUhQWldRTDN2OFRqRXo4MEFlYjg3KzFzMXdn"
        "TSs1c2tOWDRMcE95dWhSeFEvQ2hYc1ZaclZKOFNSc0JsTzRLK0NKMjcxckhqOGw4TkVoUkUyTy9aS0hzdDhCZS82ajVjOVNVbVJScXZJKzZi"
        "Y2cwQmNxN1dpN2QwOHZEUXFqQzJjT2kxMTJDR3JhNW1hemQvTkNJQ0M4MW9Za01tVHh0TTlmaWNmSWh2dDluSGFaU1FoMjd0ekozeFJXT2Vn"
        "d3pET2FOanJ0Sjd5dkNYYlY5aVE2Ym9pQ2w2d2RtSW43azlzSTMwd0l1SGNWVTFDcitFTldocVZ5UmlBS2t0Z3Z4ZWdEbnF2UkIybjFhSEtv"
        "dnA2MEZzN1lJRHJjbHNjUkZpa1Y0NXgwUk5CZFZ0VWtXRDQzMHZaZ2Vra1pkbndwZUh4R1Y5VEllMkZDTm9vUXpVeng2djRmdDBzWjVTWUk0"
        "OTBGMnNZWnUvc2lnNElCL0tPelZmUFhCWDlka2Z0TGdaVFd0ZlA3R0k5TmpFaXRMbi9sWVRoMmpmU0tUWVpTTStCUXQxNm0yeWcvNFg3eGZ0"
        "QTJQM2ZTeVUxeldpbmVvY3o0REt5aWxXbVZoUFJqeTlMclRQdFFXVlZOR3JWZlVzTll3V0hKWDZGd2tGN0pOYkNxTEVRdWVNalBoYzljbnI2"
        "NnVGK1d0MUlzdVRqMjc4TWd5WnFZbHI3bWtXOTF6eVdKTVNJWFRLbXF2NXVtOXlwYzNJSlVta3ZzNjdBOTFYQTh2c3BBUnNVTTRKdwpqWVBm"
        "aWxOQU1qRjB6R1JZTVlKcVIvY1RUemJpR3hRTWhHKzh6WmFpdGljCi0tLSA3d0NnS2M0dDhrS21LSlROcllzN01vTEtIazhTcXQ4WTNvVFpj"
        "MDhzUWpNCt3fctBvvKtX3z0NMSSWrSGM1/1vgHi7+IEt2HlHFV63vV6I"
    ),
)
"""Source: the age test kit (C2SP/CCTV, age/testdata/hybrid)."""
