"""How a value is shortened before it leaves."""

from __future__ import annotations

import pytest

from kernel.identifiers import Mask, mask, stronger


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Mask.CLEAR, "张虚构", "张虚构"),
        (Mask.CLEAR, "", ""),
        (Mask.NAME, "张虚构", "张**"),
        (Mask.NAME, "陈例", "陈*"),
        (Mask.NAME, "欧阳演示", "欧***"),
        (Mask.NAME, "阿依古丽·买买提", "阿*******"),
        (Mask.NAME, "\U00020bb7野", "\U00020bb7*"),
        (Mask.NAME, "张", "*"),
        (Mask.NAME, "", ""),
        (Mask.NUMBER, "500199196511200067", "5001**********0067"),
        (Mask.NUMBER, "11500000DEM000057T", "1150**********057T"),
        (Mask.NUMBER, "123456789012", "1234****9012"),
        (Mask.NUMBER, "12345678901", "***********"),
        (Mask.NUMBER, "12345678", "********"),
        (Mask.PHONE, "13800000000", "138****0000"),
        (Mask.PHONE, "67890000", "********"),
        (Mask.LAST4, "6222020200112233", "************2233"),
        (Mask.LAST4, "1234", "****"),
        (Mask.LAST4, "1234567", "*******"),
        (Mask.YEAR, "1990-03-12", "1990"),
        (Mask.YEAR, "1990", "1990"),
        (Mask.YEAR, "长期", "**"),
        (Mask.YEAR, "19900312", "********"),
        (Mask.YEAR, "٢٠٢٦-01-01", "**********"),
        (Mask.YEAR, "", ""),
    ],
)
def test_masks(kind: Mask, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


def test_the_enumeration_of_the_outer_surface() -> None:
    assert [kind.value for kind in Mask] == ["clear", "name", "number", "phone", "last4", "year"]


def test_clear_is_the_weakest() -> None:
    assert all(stronger(kind, Mask.CLEAR) is stronger(Mask.CLEAR, kind) is kind for kind in Mask)


def test_a_mask_given_by_its_name() -> None:
    assert mask(Mask("phone"), "13800000000") == "138****0000"
