"""Every kind the broker knows. Unknown means no: what is not in this table is refused."""

from collections.abc import Mapping
from types import MappingProxyType

from broker.kinds.kind import Kind
from broker.kinds.referral import REFERRAL

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (REFERRAL,)})
