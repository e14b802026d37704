"""Where a one-time link leads: a member of staff makes their own account, with a second factor from the first moment.

The link's secret stands in the address. It works once, for minutes, and no page of ours names another origin, so it
reaches no other server's log through a referrer.
"""

from __future__ import annotations

from dataclasses import dataclass

import segno
from pyotp import TOTP

from idp.administration.client_register import credit_code
from idp.administration.enrolments import Enrolments, LinkGone, Newcomer
from idp.administration.errors import AdministrationError
from idp.authentication.passwords import HashingBusy
from idp.interaction.visitor import DEMANDS, SIGN_IN, Errand
from idp.model.client import Organisation
from idp.model.enrolment import Enrolment
from idp.model.roles import LABELS, Role
from idp.pages import forms
from idp.pages.problems import for_people
from idp.pages.proving import BUSY
from kernel.problems import Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

ENROL = "/enrol/<secret>"
LINK_GONE = ProblemKind(
    "enrolment.gone",
    404,
    Fault.CITIZEN,
    Text("此链接已使用或已过期", "This link was used or has expired"),
    Text("请向发出链接的人再要一个。", "Ask whoever gave it to you for another one."),
)
_KEPT = ("username", "name", "organisation", "organisation_zh", "organisation_en")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class EnrolmentPages:
    """GET shows the form; POST makes the account."""

    enrolments: Enrolments
    issuer: str

    @for_people
    def show(self, request: HttpRequest, secret: str) -> HttpResponse:
        """The form, with the secret for the authenticator app as picture and text."""
        del request
        return self._page(secret, self._open(secret), {})

    @for_people
    def make(self, request: HttpRequest, secret: str) -> HttpResponse:
        """The account, or the form once more, saying what is wrong."""
        found, sent = self._open(secret), request.form()
        newcomer = Newcomer(
            sent.get("username", ""), sent.get("name", "").strip(), sent.get("password", ""), sent.get(forms.CODE, "")
        )
        try:
            self.enrolments.enrol(secret, newcomer, None if found.organisation else _body(sent))
        except LinkGone:
            raise Problem(LINK_GONE) from None
        except HashingBusy:
            return self._page(secret, found, sent, BUSY, 503)
        except AdministrationError as error:
            return self._page(secret, found, sent, error.text, 422)
        return page_response("idp/enrolled.html", sign_in=f"{SIGN_IN}?for=admin&next={DEMANDS[Errand.ADMIN].below}")

    def routes(self) -> tuple[Route, ...]:
        """The page and its address."""
        enrol = Text("以一次性链接开户", "Making an account by a one-time link")
        return (
            Route("GET", ENROL, self.show, "whoever holds the link", enrol, page=True, tag="pages"),
            Route("POST", ENROL, self.make, "whoever holds the link", enrol, page=True, tag="pages"),
        )

    def _open(self, secret: str) -> Enrolment:
        found = self.enrolments.find(secret)
        if found is None:
            raise Problem(LINK_GONE)
        return found

    def _page(
        self, secret: str, found: Enrolment, sent: dict[str, str], error: Text | None = None, status: int = 200
    ) -> HttpResponse:
        shared = self.enrolments.totp_secret(secret)
        address = TOTP(shared).provisioning_uri(name=LABELS[Role(found.roles[0])].en, issuer_name=self.issuer)
        return page_response(
            "idp/newcomer.html",
            status=status,
            action=f"/enrol/{secret}",
            roles=[LABELS[Role(role)] for role in found.roles],
            first=found.organisation is None,
            until=found.expires_at,
            shared=" ".join(shared[at : at + 4] for at in range(0, len(shared), 4)),
            picture=segno.make(address, micro=False).svg_data_uri(scale=5, border=4, dark="#15191c", light="#fff"),
            sent={name: sent.get(name, "") for name in _KEPT},
            error=error,
        )


def _body(sent: dict[str, str]) -> Organisation:
    """The operating organisation. Raises AdministrationError."""
    zh, en = sent.get("organisation_zh", "").strip(), sent.get("organisation_en", "").strip()
    if not (0 < len(zh) <= _LONGEST_NAME and 0 < len(en) <= _LONGEST_NAME):
        raise AdministrationError("请填写机构的中英文名称", "give the organisation's names in Chinese and English")
    return Organisation(credit_code(sent.get("organisation", "").strip()), Text(zh, en))
