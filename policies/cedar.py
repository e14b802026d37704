"""The law-book: Cedar text generated from a grant's row, and the check that text, annotations and row say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cedarpy import policies_to_pst, pst, validate_policies

from policies import schema
from policies.grants.grant import Grant
from policies.model import Action


class InvalidPolicy(ValueError):
    """Cedar text that is not a policy of ours: it does not parse, breaks the schema, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a grant: its Cedar expression, and the stable code of a refusal when it is not met."""

    code: str
    expression: str


def quote(value: str) -> str:
    """A Cedar string literal."""
    plain = value.isprintable() and '"' not in value and "\\" not in value
    return f'"{value}"' if plain else '"' + "".join(map(_escape, value)) + '"'


def _escape(character: str) -> str:
    if character in {'"', "\\"}:
        return "\\" + character
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def entity(kind: str, identifier: str) -> str:
    """An entity literal of our namespace."""
    return f"{schema.NAMESPACE}::{kind}::{quote(identifier)}"


def literal_time(moment: datetime) -> str:
    """A datetime in the form Cedar reads: UTC, milliseconds (parts of a millisecond are dropped)."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def _names(values: frozenset[str]) -> str:
    return "[" + ", ".join(quote(value) for value in sorted(values)) + "]"


def _covers(granted: frozenset[str], attribute: str) -> str:
    # An empty set literal is not typed, hence forbidden by the validator: nothing granted means nothing asked.
    return f"{_names(granted)}.containsAll(context.{attribute})" if granted else f"context.{attribute}.isEmpty()"


def clauses(grant: Grant) -> tuple[Clause, ...]:
    """The conditions of a grant in the order in which a refusal names them: purpose first, quota last."""
    items = ", ".join(entity("ServiceItem", item) for item in sorted(grant.service_items))
    return (
        Clause("policy.purpose-not-granted", f"context.purpose in [{items}]"),
        Clause("policy.basis-not-granted", f"context.legalBasis == {entity('LegalBasis', grant.legal_basis)}"),
        Clause("policy.basis-not-granted", f"context.basisKind == {quote(grant.basis_kind)}"),
        Clause("policy.provider-not-granted", f"resource.provider == {entity('Organisation', grant.provider)}"),
        Clause("policy.field-not-granted", _covers(grant.fields, "fields")),
        Clause("policy.predicate-not-granted", _covers(grant.predicates, "predicates")),
        Clause("policy.relation-not-granted", f"{_names(grant.relations)}.contains(context.relation)"),
        *_mandate(grant),
        *_opening(grant),
        *_assurance(grant),
        Clause("policy.not-yet-valid", f"context.now >= datetime({quote(literal_time(grant.valid_from))})"),
        Clause("policy.expired", f"context.now < datetime({quote(literal_time(grant.valid_to))})"),
        *_hours(grant),
        *_division(grant),
        *_delivery(grant),
        *_quota(grant),
    )


def _mandate(grant: Grant) -> tuple[Clause, ...]:
    return (Clause("policy.mandate-missing", "context.mandated"),) if grant.mandate_required else ()


def _opening(grant: Grant) -> tuple[Clause, ...]:
    if grant.emergency is None:
        return ()
    # When an opening begins and ends, a guard of its own sees to: it stands above every template.
    return (
        Clause("policy.emergency-not-open", "context has emergency"),
        Clause("policy.emergency-not-open", f"context.emergency.template == {quote(grant.ref)}"),
    )


def _hours(grant: Grant) -> tuple[Clause, ...]:
    if grant.hours is None:
        return ()
    return (
        Clause("policy.outside-hours", f"context.hour >= {grant.hours.start}"),
        Clause("policy.outside-hours", f"context.hour < {grant.hours.end}"),
    )


def _division(grant: Grant) -> tuple[Clause, ...]:
    return (Clause("policy.division-not-own", "context.ownDivision"),) if grant.own_division_only else ()


def _delivery(grant: Grant) -> tuple[Clause, ...]:
    if grant.delivery_modes is None:
        return ()
    modes = _names(frozenset(mode.value for mode in grant.delivery_modes))
    return (Clause("policy.delivery-not-granted", f"{modes}.contains(context.delivery)"),)


def _assurance(grant: Grant) -> tuple[Clause, ...]:
    enough = f"context.loa >= {grant.min_loa}"
    if grant.absent_allowed:
        # Somebody who is not there has no assurance; the grant says that this is enough.
        return (Clause("policy.assurance-too-low", f"({enough} || !context.present)"),)
    return (Clause("policy.absence-not-granted", "context.present"), Clause("policy.assurance-too-low", enough))


def _quota(grant: Grant) -> tuple[Clause, ...]:
    if grant.quota_per_day is None:
        return ()
    return (Clause("policy.quota-exceeded", f"context.quotaUsedToday < {grant.quota_per_day}"),)


def actions(grant: Grant) -> tuple[Action, ...]:
    """What a grant permits: obtaining where it names fields, verifying where it names yes/no questions.

    A template permits neither: only its own action.
    """
    if grant.emergency is not None:
        return (Action.OBTAIN_EMERGENCY,)
    obtain = (Action.OBTAIN,) if grant.fields else ()
    return (*obtain, Action.VERIFY) if grant.predicates else obtain


def annotated(grant: Grant) -> dict[str, str]:
    """The annotations of a grant's policy: what its conditions cannot say."""
    masks = ",".join(f"{field}={mask.value}" for field, mask in sorted(grant.masks.items()))
    return {
        "id": grant.ref,
        "class": "grant",
        "fields": ",".join(sorted(grant.fields)),
        "predicates": ",".join(sorted(grant.predicates)),
        "mask": masks,
        "obligation": ";".join(obligation.text for obligation in sorted(grant.obligations)),
        "legal_zh": grant.statute.zh,
        "legal_en": grant.statute.en,
    }


def render(grant: Grant) -> str:
    """The Cedar policy of a grant, with its annotations."""
    notes = "\n".join(f"@{name}({quote(value)})" for name, value in annotated(grant).items())
    acts = ", ".join(entity("Action", action) for action in actions(grant))
    conditions = " &&\n  ".join(clause.expression for clause in clauses(grant))
    return (
        f"{notes}\npermit (\n"
        f"  principal in {entity('Organisation', grant.consumer)},\n"
        f"  action in [{acts}],\n"
        f"  resource in {entity('EvidenceType', grant.evidence_type)}\n"
        f")\nwhen {{\n  {conditions}\n}};\n"
    )


def parse(text: str) -> tuple[pst.Template, ...]:
    """The policies of a text as typed trees, in their order, each with an ``@id`` of its own.

    Raises InvalidPolicy, also for two policies of one id: Cedar itself would accept them.
    """
    try:
        policies = policies_to_pst(text)
    except ValueError as error:
        raise InvalidPolicy(f"not Cedar: {error}") from None
    trees = tuple(policies.static_policies[name] for name in sorted(policies.static_policies, key=_position))
    ids = [tree.annotations.get("id", "") for tree in trees]
    if policies.templates or not all(ids) or len(set(ids)) != len(ids):
        raise InvalidPolicy("every policy has an @id of its own and no open slots")
    return trees


def _position(name: str) -> int:
    return int(name.removeprefix("policy"))


def validate(text: str) -> None:
    """Check a text against the schema; raises InvalidPolicy with the validator's words."""
    result = validate_policies(text, schema.handle())
    if not result.validation_passed:
        raise InvalidPolicy("; ".join(str(error) for error in result.errors))


def conjuncts(expression: pst.Expr) -> tuple[pst.Expr, ...]:
    """The parts of an expression joined by ``&&``: the clauses of an explanation."""
    if isinstance(expression, pst.BinaryOp) and expression.op == "and":
        return conjuncts(expression.left) + conjuncts(expression.right)
    return (expression,)


def check(grant: Grant, text: str) -> pst.Template:
    """Check that ``text`` is the policy of ``grant``: valid by the schema, and annotation, literal and row agree.

    Returns its tree. Raises InvalidPolicy. Called at submission, at activation and before a grant is enforced, so that
    what is enforced is what was signed.
    """
    validate(text)
    trees = parse(text)
    if len(trees) != 1 or trees[0].effect != "permit":
        raise InvalidPolicy("a grant is exactly one permit")
    (tree,) = trees
    if dict(tree.annotations) != annotated(grant):
        raise InvalidPolicy("the annotations are not those of the grant")
    for attribute in ("fields", "predicates"):
        if literal(tree, attribute) != frozenset(filter(None, tree.annotations[attribute].split(","))):
            raise InvalidPolicy(f"@{attribute} and the condition on context.{attribute} differ")
    rendered = render(grant)
    if text != rendered and tree != parse(rendered)[0]:
        raise InvalidPolicy("the conditions are not those of the grant")
    return tree


def literal(tree: pst.Template, attribute: str) -> frozenset[str]:
    """The names that a policy's condition allows in ``context.<attribute>``, read from its tree."""
    asked = pst.GetAttr(pst.Var("context"), attribute)
    parts = [part for clause in tree.clauses if isinstance(clause, pst.When) for part in conjuncts(clause.expr)]
    allowed = [
        part.left.elements
        for part in parts
        if isinstance(part, pst.BinaryOp)
        and part.op == "contains_all"
        and part.right == asked
        and isinstance(part.left, pst.Set)
    ]
    if not allowed and pst.UnaryOp("is_empty", asked) in parts:
        return frozenset()
    if len(allowed) != 1:
        raise InvalidPolicy(f"the policy does not say which {attribute} it allows")
    return frozenset(element.value for element in allowed[0] if isinstance(element, pst.StringLit))
