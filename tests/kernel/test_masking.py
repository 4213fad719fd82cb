"""What is shown of a caller's identity to those who may not read it (X2)."""

from collections.abc import Callable

import pytest

from shared.personal import masking


@pytest.mark.clause("X2")
@pytest.mark.parametrize(
    ("mask", "clear", "shown"),
    [
        (masking.masked_phone, "13800138000", "138****8000"),
        (masking.masked_phone, "6881234", "****34"),
        (masking.masked_phone, None, None),
        (masking.masked_name, "张三丰", "张**"),
        (masking.masked_name, "", None),
        (masking.masked_id_number, "370613199001011234", "370613********1234"),
        (masking.masked_id_number, "G1234567", "********"),
        (masking.masked_email, "zhang@example.com", "z***@example.com"),
        (masking.masked_address, "莱山区迎春大街12号楼3单元", "莱山区迎春大街***"),
        (masking.masked_address, "某某小区南门口东侧", "某某小区南门***"),
    ],
)
def test_what_is_shown_does_not_name_the_person(
    mask: Callable[[str | None], str | None], clear: str | None, shown: str | None
) -> None:
    assert mask(clear) == shown
