"""Who must sign a change: plain data, by what the change does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from kernel.text import Text
from policies.delivery import Delivery
from policies.grants.grant import Grant
from policies.grants.review import ChangeClass
from policies.grants.terms import BasisKind
from policies.registry import Registry
from policies.roles import Role

SENSITIVE = 3
"""Fields of this sensitivity and above, and answers from them, are the data-protection officer's concern."""

TEMPLATE = Text("应急取用模板", "a template of emergency access")
"""The reason why the whole panel signs it."""

IN_BULK = Text("批量回流：记录成批提供", "bulk delivery: records leave in bulk, as return flow")
"""The reason why the whole panel signs that a district gets its records back."""

ORDINARY = Text("此前只能应急取用，今后平时也可取得", "was for emergencies alone and becomes ordinary")
"""The reason why the whole panel signs that a template becomes an ordinary grant."""

Panel = tuple[Role, ...]
Grants = tuple[Grant, ...]
Thing = tuple[str, str]
"""Whether a field or a yes/no question, and its name."""

ONE: Panel = (Role.GOVERNANCE_APPROVER,)
TWO: Panel = (Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER)
THREE: Panel = (*TWO, Role.DATA_PROTECTION_OFFICER)
OFFICE: Panel = (Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER)
"""The data office alone, two persons of it: of what is shared unconditionally its provider is told, and not asked."""
OFFICE_THREE: Panel = (*OFFICE, Role.DATA_PROTECTION_OFFICER)

ROUTES: Mapping[tuple[ChangeClass, bool, bool], Panel] = MappingProxyType(
    {
        (ChangeClass.EQUIVALENT, False, False): ONE,
        (ChangeClass.TIGHTENING, False, False): ONE,
        (ChangeClass.WIDENING, False, False): TWO,
        (ChangeClass.INCOMPARABLE, False, False): TWO,
        (ChangeClass.EQUIVALENT, True, False): THREE,
        (ChangeClass.TIGHTENING, True, False): THREE,
        (ChangeClass.WIDENING, True, False): THREE,
        (ChangeClass.INCOMPARABLE, True, False): THREE,
        (ChangeClass.EQUIVALENT, False, True): ONE,
        (ChangeClass.TIGHTENING, False, True): ONE,
        (ChangeClass.WIDENING, False, True): OFFICE,
        (ChangeClass.INCOMPARABLE, False, True): OFFICE,
        (ChangeClass.EQUIVALENT, True, True): OFFICE_THREE,
        (ChangeClass.TIGHTENING, True, True): OFFICE_THREE,
        (ChangeClass.WIDENING, True, True): OFFICE_THREE,
        (ChangeClass.INCOMPARABLE, True, True): OFFICE_THREE,
    }
)
"""Class of the change, whether it is sensitive, whether all it gives is shared unconditionally → the seats that must
sign, each by another person.
"""

SEATS: Panel = (
    *(Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER),
    *(Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER),
)
"""Every seat of every panel, in the order in which they are named."""


def panel(
    change: ChangeClass, sensitive: Iterable[Text], reactivates: Iterable[Role] = (), *, unconditional: bool = False
) -> Panel:
    """The seats that must sign; beside the table's those who could put a suspended version back, which it replaces."""
    back = tuple(reactivates)
    least = wider(unconditional=unconditional) if back else ()
    return joined(ROUTES[change, any(True for _ in sensitive), unconditional], back, least)


def wider(*, unconditional: bool) -> Panel:
    """Who signs whatever is wider."""
    return ROUTES[ChangeClass.WIDENING, False, unconditional]


def joined(*panels: Iterable[Role]) -> Panel:
    """All seats of these panels. Where the provider signs, the data office need not stand in for it."""
    seats = {seat for each in panels for seat in each}
    if Role.PROVIDER_OFFICER in seats:
        seats.discard(Role.GOVERNANCE_OFFICER)
    return tuple(seat for seat in SEATS if seat in seats)


def suffices(signed: Iterable[Role], wanted: Iterable[Role]) -> bool:
    """Whether those who signed are enough where these seats are wanted."""
    signed = frozenset(signed)
    return signed.issuperset(joined(signed, wanted))


def unconditional(grant: Grant, registry: Registry) -> bool:
    """Whether the catalogue shares all that the grant gives without its provider being asked (ADR 0092).

    The strictest of all items speaks, those behind a question among them. A template of emergency access and a grant
    that names bulk delivery are more than sharing: their provider signs.
    """
    kind = registry.evidence_types.get(grant.evidence_type)
    if kind is None or grant.emergency is not None or _in_bulk(grant):
        return False
    return grant.fields <= kind.unconditional_fields and grant.predicates <= kind.unconditional_predicates


def _in_bulk(grant: Grant) -> bool:
    return grant.delivery_modes is not None and Delivery.BULK in grant.delivery_modes


def sensitive(after: Grant, replaced: Iterable[Grant], others: Iterable[Grant], registry: Registry) -> tuple[Text, ...]:
    """Why the data-protection officer must sign, if so, in words.

    Measured against every version that this one ``replaced``, in force or suspended, and against the ``others`` in
    force by which the same organisation has the same things of the same evidence type for the same service items: a
    right cannot grow by being suspended first, by being written down as another grant, or by what another grant gives.
    Where nothing stands at all, the first grant adds all that it gives (ADR 0030), and drops or lowers nothing. A
    template of emergency access is always decided by the whole panel, and so are an ordinary grant in the place of one
    and a grant that names bulk delivery (ADR 0053). For each other they are nothing: what may be had in an emergency
    alone cannot be had (ADR 0040).
    """
    before = tuple(replaced)
    template = () if after.emergency is None else (TEMPLATE,)
    bulk = (IN_BULK,) if _in_bulk(after) else ()
    if after.emergency is None and any(one.emergency is not None for one in before):
        template = (ORDINARY,)
    replaced, others = _alike(before, after), _alike(others, after)
    serving = tuple(one for one in others if not one.service_items.isdisjoint(after.service_items))
    return (*template, *bulk, *_reasons(after, replaced, (*replaced, *serving), registry))


def _alike(grants: Iterable[Grant], after: Grant) -> Grants:
    return tuple(one for one in grants if (one.emergency is None) == (after.emergency is None))


def _reasons(after: Grant, replaced: Grants, standing: Grants, registry: Registry) -> Iterator[Text]:
    givers = {thing: tuple(one for one in standing if thing in _given(one)) for thing in sorted(_given(after))}
    yield from _sensitive_additions(
        after.evidence_type, [thing for thing, each in givers.items() if not each], registry
    )
    alike = tuple({one.ref: one for one in (*replaced, *(one for each in givers.values() for one in each))}.values())
    if after.basis_kind is not BasisKind.CONSENT and any(one.basis_kind is BasisKind.CONSENT for one in alike):
        yield Text("不再须经本人同意", "no longer asks for the person's consent")
    least = max((*(one.min_loa for one in replaced), *(_least(each) for each in givers.values() if each)), default=0)
    if after.min_loa < least:
        yield Text(
            f"最低认证等级由 {least} 降至 {after.min_loa}",
            f"lowers the least assurance level from {least} to {after.min_loa}",
        )
    before = (*((one,) for one in replaced), *(each for each in givers.values() if each))
    if after.absent_allowed and any(not any(one.absent_allowed for one in each) for each in before):
        yield Text("本人不在场时也可取得", "may be used while the person is absent")


def _sensitive_additions(evidence_type: str, added: Iterable[Thing], registry: Registry) -> Iterator[Text]:
    kind = registry.evidence_types.get(evidence_type)
    if kind is None:
        return
    for what, name in added:
        # An answer tells of the field that it is computed from: asked often enough, the whole of it.
        touched = (name,) if what == _FIELD else sorted(kind.behind.get(name, ()))
        for field in (kind.fields[one] for one in touched if one in kind.fields):
            if field.sensitivity >= SENSITIVE:
                zh, en = _ADDED[what]
                yield Text(
                    f"{zh}（{field.sensitivity} 级）：{field.label.zh}",
                    f"{en} (level {field.sensitivity}): {field.label.en}",
                )


_FIELD, _ANSWER = "field", "predicate"
_ADDED = {
    _FIELD: ("增加敏感字段", "adds a sensitive field"),
    _ANSWER: ("增加由敏感字段作答的问题", "adds a question that is answered from a sensitive field"),
}


def _given(grant: Grant) -> frozenset[Thing]:
    """What a grant gives: fields and answers. A field may be called as a question is."""
    return frozenset({*((_FIELD, name) for name in grant.fields), *((_ANSWER, name) for name in grant.predicates)})


def _least(givers: Grants) -> int:
    """By how low a level something can be had already."""
    return min(one.min_loa for one in givers)
