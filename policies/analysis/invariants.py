"""Standing invariants: what no set of grants may ever permit, proved again whenever a grant takes effect.

Each is a condition in Cedar, ours alone like the guards: no request of which it holds may be permitted. The guards keep
most of them today; that they do is what is proved, so that neither a grant nor an edited guard can undo one unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cedarpy import pst

from kernel.canonical import JSON
from kernel.text import Text
from policies import cedar
from policies.analysis.questions import Examiner, Said
from policies.analysis.words import example
from policies.expressions import condition
from policies.facts import establish
from policies.grants.grant import Grant
from policies.grants.review import Answer
from policies.grants.sentence import Name
from policies.grants.terms import ASSURANCE_OF_CLASSIFIED, CLASSIFIED_FROM
from policies.guards import OF_AGE
from policies.model import AccessRequest


@dataclass(frozen=True, slots=True)
class Invariant:
    """What may never be permitted: a stable identifier, a Cedar condition, and a sentence."""

    id: str
    never: str
    text: Text


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "suspended-obtains-nothing",
        'principal.status != "active"',
        Text("已停用的系统不能取得任何材料", "A system that is not active obtains nothing"),
    ),
    Invariant(
        "sealed-means-nothing-leaves",
        "context.sealed",
        Text("已封存者的材料一律不提供", "Nothing leaves about a person who is sealed"),
    ),
    Invariant(
        "minors-through-their-guardians",
        'context.minor && context.relation != "child" && context.relation != "ward"',
        Text(
            f"不满 {OF_AGE} 周岁者的材料只经其监护人提供",
            f"What is on record about somebody under {OF_AGE} leaves only through a guardian",
        ),
    ),
    Invariant(
        "consent-needs-an-artefact",
        'context.basisKind == "consent" && !(context has consent)',
        Text("以同意为依据的，必须有本人的同意", "Where the basis is consent, there is a consent of the person"),
    ),
    Invariant(
        "withdrawn-consent-ends-it",
        'context.basisKind == "consent" && context has consent && context.consent.revoked',
        Text("同意撤回后不能再取得", "Nothing is obtained on a consent that was withdrawn"),
    ),
    Invariant(
        "consent-covers-every-field",
        'context.basisKind == "consent" && context has consent && '
        "(!context.consent.fields.containsAll(context.fields) || "
        "!context.consent.predicates.containsAll(context.predicates))",
        Text("取得的内容不超出本人的同意", "Nothing is obtained that the consent does not cover"),
    ),
    Invariant(
        "consent-in-its-time",
        'context.basisKind == "consent" && context has consent && '
        "(context.now < context.consent.notBefore || context.now >= context.consent.notAfter)",
        Text("只在同意的有效期内取得", "Nothing is obtained outside the time of the consent"),
    ),
    Invariant(
        "consent-for-this-purpose",
        'context.basisKind == "consent" && context has consent && '
        "(context.consent.purpose != context.purpose || context.consent.evidenceType != resource)",
        Text("同意只用于所同意的事项和材料", "A consent serves the service item and evidence type it was given for"),
    ),
    Invariant(
        "present-means-signed-in",
        "context.present && context.loa < 1",
        Text("本人在场须以登录证明", "Presence is proven by a sign-in"),
    ),
    Invariant(
        "absent-has-no-assurance",
        "!context.present && context.loa != 0",
        Text("本人不在场即无认证等级", "Whoever is absent has no assurance level"),
    ),
    Invariant(
        "something-is-asked",
        "context.fields.isEmpty() && context.predicates.isEmpty()",
        Text("没有写明内容的申请不能获准", "A request that names nothing is never allowed"),
    ),
    Invariant(
        "classified-needs-assurance",
        f"resource.classification >= {CLASSIFIED_FROM} && context.present && context.loa < {ASSURANCE_OF_CLASSIFIED}",
        Text(
            f"{CLASSIFIED_FROM} 级以上材料须认证不低于 {ASSURANCE_OF_CLASSIFIED} 级",
            f"Evidence of class {CLASSIFIED_FROM} and above needs assurance level {ASSURANCE_OF_CLASSIFIED} of who is "
            "present",
        ),
    ),
)
"""A list, not a mechanism: another sentence of the platform's owner is another entry here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An invariant and what was proved about it."""

    invariant: Invariant
    said: Said

    @property
    def holds(self) -> bool:
        """Whether it is proved: nothing less lets a grant take effect."""
        return self.said.answer is Answer.NOBODY

    def failure(self, name: Name) -> Text:
        """What must hold, and the request that breaks it, or that it could not be proved."""
        text = self.invariant.text
        if self.said.shown is None:
            return Text(f"{text.zh}（未能证明）", f"{text.en} (not proved)")
        words = example(self.said.shown.request, name)
        return Text(f"{text.zh}（反例：{words.zh}）", f"{text.en} (counterexample: {words.en})")

    def document(self, name: Name) -> JSON:
        """For people and stores, with the request that breaks it."""
        text = self.invariant.text
        said: dict[str, JSON] = {
            "id": self.invariant.id,
            "text": {"zh": text.zh, "en": text.en},
            "answer": self.said.answer.value,
        }
        if self.said.shown is not None:
            words = example(self.said.shown.request, name)
            said["example"] = {"zh": words.zh, "en": words.en}
        return said


def prove(
    asked: Examiner | None, grants: tuple[Grant, ...], invariants: tuple[Invariant, ...] = INVARIANTS
) -> tuple[Outcome, ...]:
    """Ask of each whether this set breaks it; without an examiner nothing is proved."""
    if asked is None:
        lost = Said(Answer.NOT_PROVED, why="outside-profile")
        return tuple(Outcome(invariant, lost) for invariant in invariants)
    return tuple(Outcome(invariant, _proved(asked, grants, invariant)) for invariant in invariants)


def _proved(asked: Examiner, grants: tuple[Grant, ...], invariant: Invariant) -> Said:
    expression = _expression(invariant)
    return asked.never(grants, asked.encoder.condition(expression), _holding(asked, expression))


@cache
def _expression(invariant: Invariant) -> pst.Expr:
    text = f'@id("{invariant.id}")\nforbid (principal, action, resource) when {{ {invariant.never} }};'
    cedar.validate(text)
    (clause,) = cedar.parse(text)[0].clauses
    return clause.expr


def _holding(asked: Examiner, expression: pst.Expr) -> Callable[[AccessRequest], bool]:
    """The condition as the exchange itself would evaluate it."""
    evaluate, region = condition(expression).holds, asked.region

    def holds(request: AccessRequest) -> bool:
        return evaluate(establish(request, region.registry, region.hierarchy)) is True

    return holds
