"""The demonstration's steps in containers."""

from __future__ import annotations

import pyotp
import pytest

from tongban.demo.containers import until_new_codes

TOTP = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


@pytest.mark.parametrize("now", [1_796_000_000.0, 1_796_000_009.5, 1_796_000_010.0, 1_796_000_039.99])
def test_a_story_played_after_another_begins_with_codes_that_nobody_has_used(now: float) -> None:
    """Accepted once: without the wait, the second of two hangs where the first took less than half a minute."""
    wait = until_new_codes(now)
    assert 0 < wait <= 30
    assert TOTP.at(int(now)) != TOTP.at(int(now + wait))
