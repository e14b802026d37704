"""Who calls the administration API: one check after the other, each looked up now and not believed of a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps

from idp.administration.errors import AdministrationError, NoSuchThing, Outdated
from idp.administration.rights import Actor, NotPermitted
from idp.authentication.accounts import Accounts
from idp.authentication.passwords import HashingBusy
from idp.endpoints.userinfo import challenge, presented, refuse
from idp.errors import (
    DpopNonceChallengeError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDpopProofError,
    OAuthError,
    RefusedDpopProofError,
    UseDpopNonceError,
)
from idp.model import assurance, scopes
from idp.model.person import Person
from idp.store import families
from idp.tokens import proof_of_possession
from idp.tokens.proof_of_possession import Binding, Possession
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.database import Database, DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.problems import (
    DATABASE_UNAVAILABLE,
    LEDGER_UNAVAILABLE,
    NOT_FOUND,
    Fault,
    Problem,
    ProblemKind,
)
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse

LEVEL = 3
TOKEN_REFUSED = ProblemKind(
    "token.refused",
    401,
    Fault.CONSUMER,
    Text("访问令牌不可用", "The access token is of no use here"),
    Text(
        "请用 admin 范围、DPoP 绑定、实名等级三级的登录取得新令牌。",
        "Get a token of scope admin, bound by DPoP, from a sign-in of assurance level 3.",
    ),
)
TOO_NARROW = ProblemKind(
    "token.insufficient-scope",
    403,
    Fault.CONSUMER,
    Text("访问令牌的范围不包括管理", "The access token is not for administering"),
    Text("请重新登录取得 admin 范围的令牌。", "Sign in again for a token of scope admin."),
)
NOT_ALLOWED = ProblemKind(
    "administration.not-permitted",
    403,
    Fault.CONSUMER,
    Text("您的职责不允许这项操作", "Your office does not allow this"),
    Text("请由担任相应职责的人操作。", "Ask somebody who holds the office for it."),
)
REFUSED = ProblemKind(
    "administration.refused",
    422,
    Fault.CONSUMER,
    Text("这项操作无法完成", "This cannot be done"),
    Text("请按说明改正后重试。", "Correct what the detail says, then try again."),
)
OUTDATED = ProblemKind(
    "administration.outdated",
    409,
    Fault.CONSUMER,
    Text("您看到的内容已有变化", "What you saw has changed"),
    Text("请重新查看后再操作。", "Look again, then decide anew."),
)
BUSY = ProblemKind(
    "server.busy",
    503,
    Fault.EXCHANGE,
    Text("服务繁忙", "The service is busy"),
    Text("请稍后重试。", "Try again shortly."),
)


@dataclass(frozen=True, slots=True)
class AdminAccess:
    """Lets administrators in."""

    tokens: AccessTokens
    accounts: Accounts
    possession: Possession
    database: Database

    def enter(self, request: HttpRequest) -> tuple[Actor, Binding]:
        """Who calls. Raises OAuthError."""
        scheme, token = presented(request)
        claims = self.tokens.own(token)
        if claims is None:
            refuse("The access token is not valid here.")
        binding = self._proven(request, scheme, token, claims)
        if scopes.ADMIN not in str(claims.get("scope", "")).split():
            raise InsufficientScopeError(scopes.ADMIN)
        reached = assurance.level(str(claims.get("acr", "")))
        if reached is None or reached < LEVEL:  # RFC 9470 §3
            raise InsufficientUserAuthenticationError(assurance.acr(LEVEL))
        person = self._person(str(claims["jti"]))
        return Actor(person.id, frozenset(person.roles), person.organisation), binding

    def serving(self, work: Endpoint) -> Endpoint:
        """An endpoint that knows who calls, and whose refusals are problems."""

        @wraps(work)
        def endpoint(request: HttpRequest, **path: str) -> HttpResponse:
            try:
                actor, binding = self.enter(request)
                return self.possession.answered(work(actor, request, **path), binding)
            except InsufficientScopeError as error:
                raise Problem(TOO_NARROW, headers=error.headers, members={"error": error.code}) from None
            except OAuthError as error:
                raise Problem(TOKEN_REFUSED, headers=error.headers, members={"error": error.code}) from None
            except (AdministrationError, DatabaseUnavailable, LedgerUnavailable, HashingBusy) as error:
                raise as_problem(error) from None

        return endpoint

    def _proven(self, request: HttpRequest, scheme: str, token: str, claims: Mapping[str, JSON]) -> Binding:
        """RFC 9449 §7.1: a token without a key, or shown without its proof, administers nothing."""
        confirmation = claims.get("cnf")
        jkt = confirmation.get("jkt") if isinstance(confirmation, dict) else None
        if jkt is None or scheme != "dpop":
            refuse("Administration takes a DPoP-bound token, presented as such.")
        try:
            binding = self.possession.key(request, access_token=token, jkt=str(jkt))
            if binding is None:
                raise InvalidDpopProofError("A DPoP proof is required.")
            self.database.write(lambda connection: proof_of_possession.spend(connection, binding.proofs))
        except InvalidDpopProofError as error:
            raise RefusedDpopProofError(error.description, headers=(challenge(error),)) from None
        except UseDpopNonceError as error:
            raise DpopNonceChallengeError(error.description, headers=(challenge(error), *error.headers)) from None
        return binding

    def _person(self, jti: str) -> Person:
        with self.database.read() as connection:
            family = families.of_token(connection, jti)
        person = None if family is None else self.accounts.active(family.person)
        if person is None:  # T6
            refuse("The access token is not valid here.")
        return person


def as_problem(error: Exception) -> Problem:
    """A desk's refusal, for people and programs alike."""
    if isinstance(error, NotPermitted):
        return Problem(NOT_ALLOWED)
    if isinstance(error, NoSuchThing):
        return Problem(NOT_FOUND, detail=error.text)
    if isinstance(error, Outdated):
        return Problem(OUTDATED, detail=error.text)
    if isinstance(error, AdministrationError):
        return Problem(REFUSED, detail=error.text)
    if isinstance(error, HashingBusy):
        return Problem(BUSY, headers=(("Retry-After", "2"),))
    away = DATABASE_UNAVAILABLE if isinstance(error, DatabaseUnavailable) else LEDGER_UNAVAILABLE
    return Problem(away, headers=(("Retry-After", "1"),))
