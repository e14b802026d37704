"""Identifiers."""

from .masking import Mask, mask, stronger
from .subject import SCHEMES, Scheme, SubjectRef

__all__ = ["SCHEMES", "Mask", "Scheme", "SubjectRef", "mask", "stronger"]
