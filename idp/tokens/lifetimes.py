"""How long things live. Short, because a relying party may look at a token without asking us."""

from __future__ import annotations

from datetime import timedelta

ACCESS_TOKEN = timedelta(minutes=10)
PURPOSE_BOUND_TOKEN = timedelta(minutes=5)
ID_TOKEN = timedelta(minutes=10)
AUTHORIZATION_CODE = timedelta(seconds=60)
"""RFC 6749 §4.1.2 allows ten minutes; a redirect needs seconds."""
PUSHED_REQUEST = timedelta(seconds=90)
"""RFC 9126 §2.2: 5 to 600 seconds. It begins to run when the browser is sent on its way."""
SIGNED_ANSWER = timedelta(minutes=5)
"""JARM §2.1 recommends ten minutes at most; the code in it lives one."""
DEVICE_CODE = timedelta(minutes=10)
"""RFC 8628 §3.2: long enough to find a phone and sign in, standing at the terminal."""
BACKCHANNEL = timedelta(minutes=5)
"""CIBA Core 1.0 §7.3: long enough to find the phone while a clerk waits."""
BACKCHANNEL_MOST, BACKCHANNEL_LEAST = timedelta(minutes=10), timedelta(seconds=30)
"""What `requested_expiry` can make of it (§7.1)."""
INTERACTION = timedelta(minutes=30)
"""From the authorization request to the code: long enough to find a phone."""

LONGEST_TOKEN = max(ACCESS_TOKEN, PURPOSE_BOUND_TOKEN)
CLOCK_SKEW = timedelta(minutes=3)
"""How far two clocks are apart at most that judge one token or proof: each may be wrong by 90 seconds."""
