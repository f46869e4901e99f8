"""The tokens by which a referral's people are compared with others', made of its plaintext while that is in memory."""

from collections.abc import Iterable, Iterator

from agencies.documents.document import Document
from agencies.documents.fields import UNKNOWN
from agencies.documents.person import Named as NamedPerson
from agencies.documents.referral import Referral
from broker.records import Named
from crypto.blind_index import IndexKey, Role, Token, tokens_of

_AS = ((Named.VICTIM, Role.VICTIM), (Named.CROSSED, Role.PERPETRATOR))


def tokens_of_people(key: IndexKey, documents: Iterable[Document]) -> frozenset[tuple[Named, Token]]:
    """Return the tokens of the victim and of every perpetrator that a referral names; none of who is unknown.

    Rules: crypto/README.md, "The blind index". Of any other kind of document there are none.
    """
    return frozenset(found for document in documents if isinstance(document, Referral) for found in _of(key, document))


def _of(key: IndexKey, referral: Referral) -> Iterator[tuple[Named, Token]]:
    for role, as_ in _AS:
        yield from ((role, token) for token in _tokens(key, as_, referral.victim))
    for perpetrator in referral.perpetrators:
        yield from ((Named.PERPETRATOR, token) for token in _tokens(key, Role.PERPETRATOR, perpetrator))


def _tokens(key: IndexKey, role: Role, person: NamedPerson) -> frozenset[Token]:
    names = [name for name in (person.name, *person.aliases) if name != UNKNOWN]
    return tokens_of(key, role, tuple(names), str(person.date_of_birth))
