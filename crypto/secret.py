"""What holds a secret: it goes nowhere by itself."""

from typing import NoReturn, TypeVar

T = TypeVar("T", bound="type[Secret]")

_GIVEN_AWAY_BY = ("__dataclass_fields__", "__getstate__", "__setstate__")


class Secret:
    """A value that is neither pickled nor copied; its own text form, where it has one, is the only way out."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def unlisted(secret: T) -> T:
    """Return the dataclass without what `dataclass` put there that hands its fields out: to `asdict`, to `pickle`."""
    for name in _GIVEN_AWAY_BY:
        if name in vars(secret):
            delattr(secret, name)
    return secret
