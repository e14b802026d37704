"""The identifier of an electronic certificate (GB/T 36904).

    1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>

The type is the social credit code of whoever defined it and three digits; the check character runs over type, issuer,
serial and version, without the dots and without the root.
"""

import re
from dataclasses import dataclass, field

from kernel.text import Text

from . import checksums, social_credit_code
from .codes import normal_form
from .errors import InvalidIdentifier

ROOT = "1.2.156.3005.2"
_SHAPE = re.compile(
    re.escape(ROOT)
    + r"\.(?P<definer>[0-9A-Z]{18})(?P<type>[0-9]{3})\.(?P<issuer>[0-9A-Z]{18}|[0-9]{6})"
    + r"\.(?P<serial>[0-9A-Z]{1,32})\.(?P<version>[0-9]{3})\.(?P<check>[0-9A-Z])"
)
_DIVISION_DIGITS = 6


@dataclass(frozen=True, slots=True)
class CertificateId:
    """A checked identifier. `conformant` is false when a division code stands where the issuer's own code belongs.

    `repr` hides what singles out one certificate.
    """

    value: str = field(repr=False)
    type_code: str
    issuer: str
    serial: str = field(repr=False)
    version: str
    conformant: bool


def parse(text: object) -> CertificateId:
    """The identifier in `text`; raises InvalidIdentifier."""
    code = normal_form(text)
    match = _SHAPE.fullmatch(code)
    if match is None:
        raise InvalidIdentifier("certificate-id.malformed", _SHAPE_REASON)
    type_code = match["definer"] + match["type"]
    if checksums.certificate_id(type_code + match["issuer"] + match["serial"] + match["version"]) != match["check"]:
        raise InvalidIdentifier("certificate-id.check-character", _CHECK_REASON)
    conformant = _check_organisations(match["definer"], match["issuer"])
    return CertificateId(code, type_code, match["issuer"], match["serial"], match["version"], conformant)


def compose(type_code: str, issuer: str, serial: str, version: str = "001") -> CertificateId:
    """The identifier with the right check character; raises InvalidIdentifier."""
    body = f"{type_code}{issuer}{serial}{version}"
    if not re.fullmatch(r"[0-9A-Z]+", body):
        raise InvalidIdentifier("certificate-id.malformed", _SHAPE_REASON)
    return parse(f"{ROOT}.{type_code}.{issuer}.{serial}.{version}.{checksums.certificate_id(body)}")


def _check_organisations(definer: str, issuer: str) -> bool:
    """Whether the issuer stands there by its own code; raises InvalidIdentifier when a credit code is wrong."""
    social_credit_code.parse(definer)
    if len(issuer) == _DIVISION_DIGITS:
        return False
    social_credit_code.parse(issuer)
    return True


_SHAPE_REASON = Text(
    "电子证照标识应为“1.2.156.3005.2.类型代码.颁发机构代码.流水号.版本号.校验码”",
    "A certificate identifier reads 1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>",
)
_CHECK_REASON = Text("电子证照标识的校验码不正确", "The check character of the certificate identifier is wrong")
