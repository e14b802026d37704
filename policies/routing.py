"""Who must sign a change: plain data, by what the change does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from kernel.text import Text
from policies.grant import BasisKind, Grant
from policies.registry import Registry
from policies.review import ChangeClass
from policies.roles import Role

SENSITIVE = 3
"""Fields of this sensitivity and above are the data-protection officer's concern."""

Panel = tuple[Role, ...]

ONE: Panel = (Role.GOVERNANCE_APPROVER,)
TWO: Panel = (Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER)
THREE: Panel = (*TWO, Role.DATA_PROTECTION_OFFICER)

ROUTES: Mapping[tuple[ChangeClass, bool], Panel] = MappingProxyType(
    {
        (ChangeClass.EQUIVALENT, False): ONE,
        (ChangeClass.TIGHTENING, False): ONE,
        (ChangeClass.WIDENING, False): TWO,
        (ChangeClass.INCOMPARABLE, False): TWO,
        (ChangeClass.EQUIVALENT, True): THREE,
        (ChangeClass.TIGHTENING, True): THREE,
        (ChangeClass.WIDENING, True): THREE,
        (ChangeClass.INCOMPARABLE, True): THREE,
    }
)
"""Class of the change, and whether it is sensitive → the seats that must sign, each by another person."""


def panel(change: ChangeClass, sensitive: Iterable[Text]) -> Panel:
    """The seats that must sign."""
    return ROUTES[change, any(True for _ in sensitive)]


def sensitive(after: Grant, standing: Iterable[Grant], registry: Registry) -> tuple[Text, ...]:
    """Why the data-protection officer must sign, if so, in words.

    Measured against the ``standing`` grants to the same organisation over the same evidence type, so that a right
    cannot grow by being written down as another grant. Where none stands, the first grant is decided by two.
    """
    standing = tuple(standing)
    return tuple(_reasons(after, standing, registry)) if standing else ()


def _reasons(after: Grant, standing: tuple[Grant, ...], registry: Registry) -> Iterator[Text]:
    known = (
        registry.evidence_types[after.evidence_type].fields if after.evidence_type in registry.evidence_types else {}
    )
    released = frozenset().union(*(grant.fields for grant in standing))
    for name in sorted(after.fields - released):
        if name in known and known[name].sensitivity >= SENSITIVE:
            label = known[name].label
            yield Text(
                f"增加敏感字段（{known[name].sensitivity} 级）：{label.zh}",
                f"adds a sensitive field (level {known[name].sensitivity}): {label.en}",
            )
    serving = [grant for grant in standing if not grant.service_items.isdisjoint(after.service_items)] or standing
    if after.basis_kind is not BasisKind.CONSENT and any(one.basis_kind is BasisKind.CONSENT for one in serving):
        yield Text("不再须经本人同意", "no longer asks for the person's consent")
    least = min(one.min_loa for one in serving)
    if after.min_loa < least:
        yield Text(
            f"最低认证等级由 {least} 降至 {after.min_loa}",
            f"lowers the least assurance level from {least} to {after.min_loa}",
        )
    if after.absent_allowed and not any(one.absent_allowed for one in serving):
        yield Text("本人不在场时也可取得", "may be used while the person is absent")
