"""What a new password must be like (NIST SP 800-63B-4 §3.1.1.2): long enough, and not one that others try first.

At least 15 characters where it is the only factor, 8 beside another; no rules of composition, no hints, no expiry.
Refused is what stands in the list of breached and common passwords, what is made of little more than the person's own
name or ours, and what a child would type along the keyboard.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from idp.authentication.passwords import LONGEST, Passwords, PasswordUnusable, normalised
from idp.model.assurance import Factor
from idp.model.person import Account
from kernel.text import Text

ALONE, BESIDE_ANOTHER = 15, 8
_OURS = ("tongban", "password", "passwort", "admin", "welcome", "letmein", "通办", "政务", "密码", "渝快办")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "1qaz2wsx3edc4rfv")
_FEWEST_LEFT = 5
_FEWEST_DIFFERENT = 5
_LONGEST_RUN = 4


class PasswordTrivial(PasswordUnusable):
    """Others would try this one first."""

    text = Text(
        "这个密码太常见，或由您的名字、连续的按键组成，很容易被猜到。请换一个，比如几个不相干的词。",
        "This password is common, or made of your name or of neighbouring keys: easy to guess. Choose another, "
        "such as a few words that have nothing to do with each other.",
    )


class PasswordTooShort(PasswordUnusable):
    """It has too few characters."""

    def __init__(self, least: int) -> None:
        super().__init__(f"a password has {least} to {LONGEST} characters")
        self.text = Text(f"密码至少要有 {least} 个字符。", f"A password has at least {least} characters.")


class PasswordTooLong(PasswordUnusable):
    """It has more characters than we hash."""

    text = Text(f"密码最多 {LONGEST} 个字符。", f"A password has at most {LONGEST} characters.")


class PasswordIsUserCode(PasswordUnusable):
    """It is what the person tells clerks."""

    text = Text(
        "密码不能与您告诉窗口人员的口令相同。",
        "The password must not be the code that you tell clerks.",
    )


def least(*, alone: bool) -> int:
    """The fewest characters of a password; ``alone``: it is the only factor of its account."""
    return ALONE if alone else BESIDE_ANOTHER


def is_alone(authenticators: frozenset[Factor]) -> bool:
    """Whether the password is the only factor of an account, for the purpose of its length.

    Recovery codes do not count: they run out by being used, which must lead to nobody with too short a password.
    """
    return authenticators <= {Factor.PASSWORD, Factor.RECOVERY}


def stands_alone(password: str) -> bool:
    """Whether a password is long enough to be the only factor."""
    return len(normalised(password)) >= ALONE


def suffices(account: Account) -> bool:
    """Whether an account's password is as long as its other factors ask for. False where its length is not known."""
    return not is_alone(account.authenticators) or account.password_stands_alone is True


def check(password: str, *known: str, alone: bool) -> None:
    """Raises PasswordUnusable, whose ``text`` says why. ``known``: user name, names, whatever a stranger may know.

    ``alone``: the password is the only factor of the account.
    """
    plain = normalised(password)
    if len(plain) < least(alone=alone):
        raise PasswordTooShort(least(alone=alone))
    if len(password) > LONGEST:
        raise PasswordTooLong("too long")
    folded = plain.casefold()
    if folded in common() or len(set(folded)) < _FEWEST_DIFFERENT or _little_is_left(folded, known):
        raise PasswordTrivial("too easily guessed")


def check_beside_user_code(passwords: Passwords, password: str, user_code_hash: str | None) -> None:
    """A secret that clerks hear signs nobody in (ADR 0065). Raises PasswordIsUserCode, HashingBusy."""
    if user_code_hash is not None and passwords.verify(password, user_code_hash):
        raise PasswordIsUserCode("the user code itself")


def _little_is_left(folded: str, known: tuple[str, ...]) -> bool:
    """Whether hardly anything remains once known words, common passwords and runs of keys are taken out."""
    words = [word for text in (*known, *_OURS) for word in [text, *text.split()]]
    rest = folded
    for word in sorted({normalised(each).casefold() for each in words}, key=len, reverse=True):
        if len(word) > 1:
            rest = rest.replace(word, "")
    rest = _without_runs(rest)
    return len(rest) < _FEWEST_LEFT or rest in common()


def _without_runs(text: str) -> str:
    """The text without stretches of four and more neighbouring keys, in either direction, or of one repeated key."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    left, at = "", 0
    while at < len(text):
        length = max(_run(text, at, row) for row in rows)
        length = max(length, len(text[at:]) - len(text[at:].lstrip(text[at])))
        at, left = (at + length, left) if length >= _LONGEST_RUN else (at + 1, left + text[at])
    return left


def _run(text: str, at: int, row: str) -> int:
    """How many characters from ``at`` on stand in ``row`` in this order."""
    length = 0
    while at + length < len(text) and text[at : at + length + 1] in row:
        length += 1
    return length


@cache
def common() -> frozenset[str]:
    """Breached and common passwords of at least eight characters (from zxcvbn's list, MIT; see its head)."""
    text = files("idp.authentication").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
