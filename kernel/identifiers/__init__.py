"""Identifiers of people, organisations, certificates, service items and divisions; names; masks.

Owns the syntax and the check characters of GB 11643 (citizen number), GB 32100-2015 (unified social credit code), GB
11714 (organisation code), GB/T 36904 (certificate identifier) and GB/T 2260 (divisions, effective-dated), the codes of
government service items, the comparing of people's names, and the one masking function. Everything is pure: no clock,
no table in a database, no network. A parser returns a checked value or raises InvalidIdentifier, whose reason is
written in both languages and never repeats the value. Everyone above may use it.
"""

from . import (
    certificate_id,
    citizen_number,
    division,
    organisation_code,
    person_name,
    service_item,
    social_credit_code,
    subject,
)
from .citizen_number import CitizenNumber, Sex
from .errors import InvalidIdentifier
from .masking import Mask, mask, stronger
from .social_credit_code import SocialCreditCode
from .subject import SCHEMES, Scheme, SubjectRef

__all__ = [
    "SCHEMES",
    "CitizenNumber",
    "InvalidIdentifier",
    "Mask",
    "Scheme",
    "Sex",
    "SocialCreditCode",
    "SubjectRef",
    "certificate_id",
    "citizen_number",
    "division",
    "mask",
    "organisation_code",
    "person_name",
    "service_item",
    "social_credit_code",
    "stronger",
    "subject",
]
