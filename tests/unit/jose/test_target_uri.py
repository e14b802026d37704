"""RFC 3986 §6.2.2 and §6.2.3: when two addresses are one, and what is no address of a request."""

from __future__ import annotations

import pytest

from kernel.jose import normalise_target


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://id.example/token", "https://id.example/token"),
        ("HTTPS://ID.Example/token", "https://id.example/token"),
        ("https://id.example:443/token", "https://id.example/token"),
        ("http://id.example:80", "http://id.example/"),
        ("http://id.example:443/", "http://id.example:443/"),
        ("https://id.example:8443/token", "https://id.example:8443/token"),
        ("https://id.example:/token", "https://id.example/token"),
        ("https://id.example/%7euser/%e4", "https://id.example/~user/%E4"),
        ("https://id.example/a/./b/../c", "https://id.example/a/c"),
        ("https://id.example/a/..", "https://id.example/"),
        ("https://id.example/a/.", "https://id.example/a/"),
        ("https://id.example/../../a", "https://id.example/a"),
        ("https://id.example/%2e%2e/a", "https://id.example/a"),
        ("https://id.example/a//b", "https://id.example/a//b"),
        ("https://id.example/a%2Fb", "https://id.example/a%2Fb"),
        ("https://id.example/Token?q#f", "https://id.example/Token"),
        ("http://127.0.0.1:8400/token", "http://127.0.0.1:8400/token"),
        ("http://[::1]:8400/token", "http://[::1]:8400/token"),
    ],
)
def test_one_spelling(url: str, normal: str) -> None:
    assert normalise_target(url) == normal
    assert normalise_target(normal) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "token",
        "//id.example/token",
        "ftp://id.example/token",
        "javascript:alert(1)",
        "https:///token",
        "https://user@id.example/token",
        "https://id.example@attacker.example/token",
        "https://id.example:99999/token",
        "https://id.example:x/token",
        "https://id.example/a b",
        "https://id.example/a\n",
        "https://id.example\\@attacker.example/",
        "https://id.example/%zz",
        "https://id.example/é",
        "https://[::1/token",
    ],
)
def test_what_is_no_address_of_a_request(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalise_target(url)
