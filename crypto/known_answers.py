"""Published answers that the self-test asks this machine for; all keys in them are everybody's."""

import base64
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class HybridAnswer:
    """A published secret key, the digest of its public half as text, a file for it, and the digest of what is in it."""

    identity: str = field(repr=False)
    recipient_sha256: str
    file: bytes = field(repr=False)
    plaintext_sha256: str


@dataclass(frozen=True, slots=True)
class Answers:
    """One published answer of each of the other primitives.

    x25519_file, scrypt_file  age files for `x25519_identity` and `passphrase`, with what `plaintext_sha256` is of
    ed25519_signature         over no bytes at all, by `ed25519_public`
    cosigned                  a checkpoint with an ML-DSA-44 cosignature of the key `cosigning_key`
    blake2b_512               of no bytes under `blake2b_key`
    """

    x25519_identity: str = field(repr=False)
    x25519_file: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    scrypt_file: bytes = field(repr=False)
    plaintext_sha256: str
    ed25519_public: bytes
    ed25519_signature: bytes
    cosigning_key: str = field(repr=False)
    cosigned: str = field(repr=False)
    blake2b_key: bytes = field(repr=False)
    blake2b_512: bytes


HYBRID: Final = HybridAnswer(
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

OTHERS: Final = Answers(
    x25519_identity="AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0",
    x25519_file=base64.b64decode(
        "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FYTnlDVkpwTDdPdXdQZFZ3UEw3S1FFYkZET0NjCmhqYWJHWHdT"
        "TFE5YzNTNkx3MmkrUzJUdTJmaXdRSEhzbGJCTjZCNDFGTEUKLS0tIFd5SnA5Ri85Rk9aaDdnSmRoZXEyV0lKY3dIZ1ljOE5JVmgzZGR3aHJjTmcK"
        "7s9ix86RtDMnTmjU8vkTTLdMW/73vqpSyPC8DpksHoMx+2Y="
    ),
    passphrase="password",  # noqa: S106  of the test kit
    scrypt_file=base64.b64decode(
        "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCByRjAvTndibFVISFRwZ1FnUnBlNUNRIDEwCmdVakV5bUZLTVZYUUVLZE1NSEwyNG9ZZXhq"
        "RTNUSUMwTzB6R1NxSjJhVVkKLS0tIElPWGlRWVN0a29UMW12WlcydEZPcVpkaFJWdmo1OGVnQUJ4L3NXZlpRYmMKGzXG5ofdANo6w3msn3QsIf0Y"
        "WhuePe1znRSsappQEk24Ztg="
    ),
    plaintext_sha256="013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab",
    ed25519_public=bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    ed25519_signature=bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b"
    ),
    cosigning_key="marac-cosigning-key example.com/mldsa-log ml-dsa-44 KIatwrDqv85nwEcpORJ5mL+IbPJWv+6Lp2olP84RRuA=",
    cosigned="example.com/mldsa-log\n1\n+zoErtsZtGO6sfiSV/v4UJSIyowisE8hvjw0q5+bD38=\n\n— example.com/mldsa-log "
    "td9FxQAAAAAAAAAAkjFvCxC6244QGemHL0hurmk5M3Hj6noQQtBM1TiwnC1lFmT+t+cUG9W0ENlRQtV20lJFLKCzoJ08ulQEkfiVueKHeMyURh97"
    "Iup0R9d41Monv472jkyfDoX3ILyX/kEOuSV4Ed2tU4VmtDSbP0rofMWAbKJRMnzCpNIT5xMe3tRbWLVTvAtnX9OB4UMKL1dvGS/uuhqW9Ddjik2D"
    "8veitBvk3TbQcT8fanSyZqCbDZ5zzw5JS3Gu5oD1zK7z+KiyqbzKUhglESs7YXFbeU0E03FrXdAPYS6GAuZtBWTJp4DEm4rL+NqU6Xp0n2ehhqd1"
    "rFAJUAcsE5CFakQdlmKkkzVMy3VZYll5ptS0amlYfGqX6/N9bJAYdAoWWpdgCep5eXCutQcTQXc69UocKT99/vholeAP1097GfS+hNL2ndNS2ieM"
    "nj8XLD1LCHVoBjKZUIObB0lx3leGRe9VjYgTRAY2WlE+K32b6Iz1rKzzDD8YBNQdkHgdx44uPOU3I+8szYS6NzQ2Z0QlqAtz0j9vZu9yEUUxCEOR"
    "AiMAHLtV5oWZ/RvSE7qq5B0b8WrHGPGoR/qUNK4ECmlIe/SRo6M7yRrPs3das3ox1bkC3f92c98ewHLeQtLwwsqQJny6rlYaiaiPMxgdT2CVcJEc"
    "KOfaK8pdy2fucBDxHrQitpGkeLJLmWk6LLxR/Ut6s6xNyyKSuZlVslS40n9MJ837uMmJFyecKPliwAj8HzTWQywSkMpEQfJyr4i2Kfa2paOZ4izm"
    "otRTfdvbFWlWFwuGLWOQ0X/pKaExpdNDwqahAwbfGkw/iHbsV7ZIlNIuSNs2ccQvnjM8xqkT6sYYVxYiHpmk5sOwGsdeiMdwQqn7Q/Lz+uc3F6k/"
    "r0Ox7MJTX6fPhFdhe8RJg/77USR/MIGiT4YZHV+XgrtbV0jvMEgB4yEOircsScaBmLv18tTn1GiGlzFjK/s7gOzjk70jf1qCZ1MNgDAPstd/5sXd"
    "wYON0FnA5zPUp9yMkq1/wZq+DuePQDT6nj8zgFrkrvl8s7nibKKaL2bKcje5YP3CFcXLZoESZnC3BJkV85VqXlAKl+dctM3vNfMVrqk3/boBARw2"
    "7mdKLsysIREkWR4caByW0csjL3Js9tn1hB0yf6hIGo8mvPIUjPIXn1rFSSKWkQlq15wu2gwEo9FdVF5beMdF4LVwuO9PZ1Y4oXuRE2pIzMWq/jEz"
    "HAZ7GucP7yzU78X767ucrwO/AXjMlLUsLLFZaQcHHBsrQJLpy5w1Jn/L7XFyR2g0lBOdT+lSOhx7j33oIlzxmqdR47ovtkg+LJpbAJG7n/JiQ/h/"
    "xffe3VdqSsrB8S4ltKz+rq51swoZ59zmRzWaoNkyWX0eu0E7y6EfpfrKEmr0H+fYtVnJvCznWFKzbv7oDXKC0pOyKZsNctvFwhSGEEURCs1G+4Ir"
    "AEWG2Y231thQ8HdMvaMcm+ocvBGhZjmE7bXFkdiJ7S09csFjljFDGCiGRiU+flxkyiqpa1DDgeFRWOEyNAdMeY2iQMTJU9ApqNVrPpjGbg7kL0Hr"
    "fKCQM236d16DKfXIiUmZw/NONKnrliAIs6/WSzKdW/JUyTLiKfPV1ItODmw5eNz7lV36dR8g3us/bpWp4OaDIInrLxYZRfkLHLvXGGg5ogY2k/FM"
    "no/3UBbS0QfstK+ByB/pFVYCHWgDjctwpOHaqAAXAiWHAUh1KOpXBMv8qndpzhsYhvKbrL371aBST0e3iPW/K4x+kFfgdeClsftS9RnE8KDCf4Uz"
    "+9QMP9sxj4+ZACztE19eBVaSvCqv54wO6n5248UzbqPXzA1dweKQziw/FnPWC7qMrcs3jDi6PBPhpruk1xBy08MQg58l4YzuXrPm5gAyiUAyfNsz"
    "vhTotaU02oljhvg24CycDo/2PvQY7sBmisIsVVeHssiRxg23CMgWHaPMDn6OM+IhF2xaAqJOjfnsFBWlvMg8LxsrBnOQ1YABVLLtMvCSaIvgBjPt"
    "8XtLn9gZ0HL9OvGsR3efWHTR5p4nZyuHH2Nm8F3nWKVkEI4p4H6Yo5O0hkzCi1ZB7QT3uEIeR0Hq3g/bLTzmm6XzsjWSmQ8CtPapmXX476QT44wU"
    "0CWJ096SqUGUq2ZCDg3kFkV0BuKPIfLCt4sYK9bjj8UZCqkhyHbVm2x+HQwk8mNnDbUd7PK89riPjA33KX0Sw32RE0uKtB0sC8m7t028aEupsRx5"
    "6/M0jBgeYmEHuRrXpW9nuOkQPTBaHdmYBHNkzTF2arPzZK3diFuhKPvmSQh2CN6g8r0p3EN+dmps1fIUfHM6emkEuaod+ZG83vyJsyd5B2oPMTVP"
    "12z8VJtDRAYfA5bRj+HEw2aD4f23u/Zq3PHk2C9T5LTAu28WCuO/EpXGSIkq1/hRpyE0qhJSnPN9/iE74PoU1OgjGBv6uSUsNhNZJeMe2W23s8EA"
    "yStB5+u83IBgUctrGwXzNdoC9LY1p+kNFSAZXIggNB3alVzoS+D9rcCYTUAafpkdwLaYq5/w0wRchljkG61rl+gZCiwtqZv3SHVxO7kRTAzfHsGD"
    "B1yc/9Sz++IMGyFHYvuqtclhpHPPToFByaVl687b1P4t2i/U4fWPZ4BBhN5Q7HGTxubspw1GY2MjBYU5OXvEJu9aWeibkM/fg6QrxPRYNsJBNJQR"
    "ywMjYHj6AefrZeGXGxSNgS50kCNBvV7XTli/17y3MFgR4WfNmBK3BqKb87v3DBMVnLHcqvw1ZVjFPv91q0XYaDdVFHqOnS4Fh5nfwh1qfuvKrUZl"
    "wFPcwW+pG4YDyjx90MTFugpQ6KfEusmUhB5Dqr79nYWbOhW3e0PCEZtxmVrH9EtCHEgO6wnkWjPke6XULARu0ECF1gZvQczEjKfzxCt6Rknz+27l"
    "XyzgzRyHWxr0kB/pFty+8IebrDfIW9757d+1QLonDTmkLQiirF0ygsgQALmk1KljcHD/qiAZPHh5YX+Q2VdDfIfGeMXmCg3nX5r5DINcx47fNHtg"
    "WeGn8MjF8Hnff6x+ZU/7YqcBrDOvGqn46FBvuRY0+mWkRo576207vQR/023owl7pXZ5p/75V5yDkTZWDtXsfKjpypcxrWIBsg5GC25nZdjQQGBtF"
    "UF1pfn+xvunq9AEIFidYY2Vyc3mYw8TW7PkVKis5PENhdbfJHDtIdIiQsLe+1Nr+/wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4eKDU="
    "\n",
    blake2b_key=bytes(range(64)),
    blake2b_512=bytes.fromhex(
        "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df"
        "7aefcbc13fc51568"
    ),
)
"""Sources: the age test kit (x25519, scrypt); RFC 8032, section 7.1, test 1; FiloSottile/torchwood,
cmd/litewitness/testdata/mldsa.txt; BLAKE2/BLAKE2, testvectors/blake2-kat.json, the first one with a key."""
