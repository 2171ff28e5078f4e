"""White lists as brands send them."""

import pytest

from shared.domain.errors import InvalidInputError
from shared.domain.white_list import Entitled
from shared.domain.white_list_rows import read_csv, read_json_lines

E, C = Entitled.EMAIL, Entitled.CUSTOMER_ID


@pytest.mark.rule("REG-3")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("email\nada@example.org\n\nbea@example.org\n", [(E, "ada@example.org"), (E, "bea@example.org")]),
        ("\ufeffCustomer ID;E-Mail\r\n007;ada@example.org\r\n8;\r\n", [(C, "007"), (E, "ada@example.org"), (C, "8")]),
        ('name,customer_id\n"A, B","12, 3"\n', [(C, "12, 3")]),
        ("email\nnobody\n", ["email is no address"]),
        (f"customerId\n{'9' * 201}\n ,\n", ["customer_id is empty or too long"] * 2),
        ("email,customerId\n,\n", ["says nothing"]),
    ],
)
def test_REG_3_csv_is_read_by_its_header(text: str, rows: list[object]) -> None:
    read = list(read_csv(text.encode()))
    assert [type(row) for row in read] == [type(row) for row in rows]
    assert [row for row in read if not isinstance(row, str)] == [row for row in rows if not isinstance(row, str)]
    assert all(row.startswith(("email", "customer_id", "says")) for row in read if isinstance(row, str))


@pytest.mark.rule("REG-3")
@pytest.mark.parametrize("data", [b"", b"name\nAda\n", b"ada@example.org\nbea@example.org\n"])
def test_REG_3_without_a_header_nothing_is_guessed(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        list(read_csv(data))


@pytest.mark.rule("REG-3")
def test_REG_3_json_lines_are_read_one_by_one_and_a_bad_one_costs_no_good_one() -> None:
    data = b"""{"email": "ada@example.org", "customerId": "7"}

        {"customer_id": "8"}
        nonsense
        [1]
        {"email": 5}
        {"email": "ada@example.org", "name": "Ada"}
        {}
        {"email": "bea@example.org"}"""
    assert list(read_json_lines(data)) == [
        (E, "ada@example.org"), (C, "7"), (C, "8"), "is not JSON", "is not an object of email and customerId alone",
        "email is not text in UTF-8", "is not an object of email and customerId alone", "says nothing",
        (E, "bea@example.org"),
    ]  # fmt: skip


def test_bytes_that_are_not_utf_8_and_endless_cells_are_refused() -> None:
    assert list(read_csv(b"email\n\xff\xfe@example.org\n")) == ["email is not text in UTF-8"]
    assert list(read_csv(b"email\n" + b"x" * 200_000 + b"\nada@example.org\n"))[-1] == (E, "ada@example.org")
