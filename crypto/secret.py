"""What holds a secret: it goes nowhere by itself."""

from typing import NoReturn


class Secret:
    """A value that is neither pickled nor copied; its own text form, where it has one, is the only way out."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")
