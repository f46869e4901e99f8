"""What holds a secret: it goes nowhere by itself."""

from typing import NoReturn, TypeVar

T = TypeVar("T", bound="type[Secret]")


class Secret:
    """A value that is neither pickled nor copied; its own text form, where it has one, is the only way out."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # In the class itself, or `dataclass` puts one there that gives the fields away.
        cls.__getstate__ = Secret.__getstate__  # type: ignore[method-assign]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def unlisted(secret: T) -> T:
    """Return the dataclass without its list of fields, by which `asdict` and `astuple` would hand them out."""
    del secret.__dataclass_fields__  # type: ignore[attr-defined]
    return secret
