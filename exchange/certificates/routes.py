"""The addresses of certificates."""

from __future__ import annotations

from typing import Any

from exchange import errors
from exchange.certificates.answering import Answering
from exchange.certificates.desk import KEEPERS, CertificateDesk
from exchange.certificates.forms import (
    CertificateChangeAnswer,
    CertificateChangeForm,
    CertificateCommandForm,
    CertificateIssueForm,
    CertificateLookUpForm,
    CertificateStatusAnswer,
    CertificateStatusForm,
    DepartmentCertificateAnswer,
    DepartmentCertificatesAnswer,
)
from exchange.certificates.lifecycle import CHANGES, Change
from exchange.certificates.reporting import Reporting
from exchange.paging import BEFORE, LIMIT
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, MALFORMED_REQUEST, ProblemKind
from kernel.text import Text
from kernel.web.routes import Reply, Route

_ON_RECORD = Text("此前已登记，内容相同", "It is on record already, the same")


def certificate_routes(reporting: Reporting, answering: Answering, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    problems = (*token, errors.SYSTEM_UNKNOWN, errors.SYSTEM_SUSPENDED, MALFORMED_REQUEST, INVALID_BODY)
    return (
        Route(
            "POST",
            "/v1/certificates/changes",
            reporting.report,
            "system",
            Text(
                "报告证照状态变更（证照所属部门）", "Report a change of a certificate, by the department that owns it"
            ),
            CertificateChangeForm,
            CertificateChangeAnswer,
            tag="certificates",
            success=201,
            replies=(Reply(200, _ON_RECORD, CertificateChangeAnswer),),
            problems=(
                *problems,
                LEDGER_UNAVAILABLE,
                errors.CERTIFICATE_NOT_YOURS,
                errors.CERTIFICATE_DIFFERS,
                errors.CERTIFICATE_OUT_OF_ORDER,
                errors.CERTIFICATE_CHANGE_IMPOSSIBLE,
                errors.CERTIFICATE_CHANGED,
            ),
        ),
        Route(
            "POST",
            "/v1/certificates/status",
            answering.status,
            "system",
            Text("查询证照状态", "How a certificate stands"),
            CertificateStatusForm,
            CertificateStatusAnswer,
            tag="certificates",
            problems=(
                *problems,
                LEDGER_UNAVAILABLE,
                errors.SYSTEM_LOCKED,
                errors.CASE_UNKNOWN,
                errors.CASE_CLOSED,
                errors.CASE_OTHER_ITEM,
                errors.PURPOSE_MISMATCH,
                errors.OFFICER_MISSING,
                errors.CERTIFICATE_NO_GRANT,
                errors.CERTIFICATE_UNKNOWN,
                errors.POLICY_STALE,
            ),
        ),
    )


def department_certificate_routes(desk: CertificateDesk, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses of the owning department's officers; ``token`` is what refuses a caller."""
    path, access = "/v1/department/certificates", f"officer:{'|'.join(KEEPERS)}"
    one = f"{path}/<certificate>"
    known = (*token, INVALID_BODY, errors.CERTIFICATE_NOT_ON_RECORD)
    writing = (
        *(*known, MALFORMED_REQUEST, LEDGER_UNAVAILABLE, errors.CERTIFICATE_NOT_YOURS),
        *(errors.CERTIFICATE_OTHER_HOLDER, errors.CERTIFICATE_DIFFERS, errors.CERTIFICATE_OUT_OF_ORDER),
        *(errors.CERTIFICATE_CHANGE_IMPOSSIBLE, errors.CERTIFICATE_CHANGED),
    )
    listed = Text("本部门证照最近登记的变更", "What was recorded last of my department's certificates")
    sought = Text("按标识和持证主体查找证照，记入账本", "Look a certificate up by identifier and holder; recorded")
    issued = Text("登记新证照", "Record a new certificate")
    shown = Text("一份证照：状态、变更、依据它的部门个数", "One certificate: status, changes, how many relied on it")
    answer, tag = DepartmentCertificateAnswer, {"tag": "certificates"}
    reading: dict[str, Any] = {**tag, "problems": known}
    changing: dict[str, Any] = {**tag, "problems": writing}
    return (
        Route(
            "GET",
            path,
            desk.list,
            access,
            listed,
            None,
            DepartmentCertificatesAnswer,
            parameters=(LIMIT, BEFORE),
            **reading,
        ),
        Route("POST", f"{path}/look-ups", desk.look_up, access, sought, CertificateLookUpForm, answer, **changing),
        Route(
            "POST",
            path,
            desk.issue,
            access,
            issued,
            CertificateIssueForm,
            answer,
            success=201,
            replies=(Reply(200, _ON_RECORD, answer),),
            **changing,
        ),
        Route("GET", one, desk.show, access, shown, None, answer, **reading),
        *(
            Route(
                "POST",
                f"{one}/{change.value}",
                desk.command(change.value),
                access,
                Text(f"登记变更：{CHANGES[change].zh}", f"Record that it was {CHANGES[change].en}"),
                CertificateCommandForm,
                answer,
                **changing,
            )
            for change in Change
            if change is not Change.ISSUE
        ),
    )
