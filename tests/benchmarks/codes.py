"""Authorization codes made in advance, as the pages make them after a sign-in: signing in is not what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from idp.administration import Administration
from idp.model.assurance import Authentication, Factor
from idp.model.person import NewPerson
from idp.model.secret import hashed
from idp.model.session import Code, Family, Session
from idp.store import codes, people, sessions
from idp.tokens import lifetimes
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.entropy import SystemEntropy, token
from kernel.ids import new_id
from kernel.jose import access_token_hash
from kernel.settings import IdpSettings

WEB_CLIENT = "benchmark-web"
CALLBACK = "https://benchmark.example/callback"
VERIFIER = "benchmark-verifier-benchmark-verifier-benchmark"
CHALLENGE = access_token_hash(VERIFIER)  # RFC 7636 §4.2 and RFC 9449 §4.2 hash alike
CODE_LENGTH = 43
_USER = "benchmark-person"


def code_request(code: str) -> bytes:
    """The body of a token request for a code (RFC 6749 §4.1.3)."""
    return f"grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}".encode()


@dataclass(frozen=True, slots=True)
class CodeStock:
    """Puts codes of one person, one session and one client into a provider's database."""

    settings: IdpSettings
    person: str
    session: Session

    @classmethod
    def prepare(cls, settings: IdpSettings) -> CodeStock:
        """Make the person and the session."""
        with Administration.open(settings) as idp:
            idp.people.add(NewPerson(_USER, "基准测试", token(SystemEntropy()), assurance=1))
        clock, entropy, database = SystemClock(), SystemEntropy(), Database.open(settings.database_url, pool_size=1)
        try:
            with database.read() as connection:
                found = people.by_username(connection, _USER)
            assert found is not None
            now = datetime.now(UTC)
            signed_in = Authentication({Factor.PASSWORD: now})
            session = Session(new_id("ses", clock, entropy), found[0].id, signed_in, now, now + timedelta(hours=12))
            database.write(lambda connection: sessions.add(connection, session, entropy.bytes(32)))
            return cls(settings, found[0].id, session)
        finally:
            database.close()

    def make(self, count: int) -> Sequence[str]:
        """So many codes, good for a minute."""
        entropy, database = SystemEntropy(), Database.open(self.settings.database_url, pool_size=1)
        made = [token(entropy) for _ in range(count)]
        try:
            for start in range(0, count, 500):  # the running service waits for no more than these
                database.write(lambda connection, some=made[start : start + 500]: self._keep(connection, some))  # type: ignore[misc]
        finally:
            database.close()
        return made

    def _keep(self, connection: object, some: Sequence[str]) -> None:
        until = datetime.now(UTC) + lifetimes.AUTHORIZATION_CODE
        for secret in some:
            codes.add(connection, Code(hashed(secret), self._family(), CALLBACK, CHALLENGE, "n", until))  # type: ignore[arg-type]

    def _family(self) -> Family:
        return Family(
            id=new_id("fam", SystemClock(), SystemEntropy()),
            client_id=WEB_CLIENT,
            person=self.person,
            session=self.session.id,
            sid="benchmark",
            scope=("openid",),
            authentication=self.session.authentication,
            level=1,
            expires_at=self.session.expires_at,
        )
