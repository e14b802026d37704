"""The addresses of certificates."""

from __future__ import annotations

from exchange import errors
from exchange.certificates.answering import Answering
from exchange.certificates.forms import (
    CertificateChangeAnswer,
    CertificateChangeForm,
    CertificateStatusAnswer,
    CertificateStatusForm,
)
from exchange.certificates.reporting import Reporting
from kernel.problems import INVALID_BODY, LEDGER_UNAVAILABLE, MALFORMED_REQUEST, ProblemKind
from kernel.text import Text
from kernel.web.routes import Route


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
                errors.CERTIFICATE_NO_GRANT,
                errors.CERTIFICATE_UNKNOWN,
                errors.POLICY_STALE,
            ),
        ),
    )
