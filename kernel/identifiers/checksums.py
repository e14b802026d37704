"""Check characters, as their standards define them. Each function takes the code without its check character."""

DIGITS_AND_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CREDIT_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z

_MOD_11_2_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MOD_11_2_CHECKS = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_CODE_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))


def citizen_number(body: str) -> str:
    """ISO 7064 MOD 11-2 over the 17 digits before it (GB 11643)."""
    total = sum(weight * int(digit) for weight, digit in zip(_MOD_11_2_WEIGHTS, body, strict=True))
    return _MOD_11_2_CHECKS[total % 11]


def organisation_code(body: str) -> str:
    """Over the 8 digits or letters before it (GB 11714): 10 is written X, 11 is written 0."""
    weighted = zip(_ORGANISATION_WEIGHTS, body, strict=True)
    value = 11 - sum(weight * DIGITS_AND_LETTERS.index(character) for weight, character in weighted) % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def credit_code(body: str) -> str:
    """Over the 17 characters before it, weights 3^(i-1) mod 31 (GB 32100-2015)."""
    weighted = zip(_CREDIT_CODE_WEIGHTS, body, strict=True)
    total = sum(weight * CREDIT_CODE_ALPHABET.index(character) for weight, character in weighted)
    return CREDIT_CODE_ALPHABET[(31 - total % 31) % 31]


def certificate_id(body: str) -> str:
    """ISO 7064 MOD 37,36 over digits and letters of any length (GB/T 36904)."""
    product = 36
    for character in body:
        product = (product + DIGITS_AND_LETTERS.index(character)) % 36 or 36
        product = product * 2 % 37
    return DIGITS_AND_LETTERS[(37 - product) % 36]
