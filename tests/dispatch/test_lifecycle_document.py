"""docs/lifecycle.md is generated from the table of moves."""

from services.dispatch.orders.rules import MOVES
from tools.generated import ROOT
from tools.lifecycle import DOCUMENT, document


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / DOCUMENT).read_text(encoding="utf-8") == document()


def test_every_move_has_its_line() -> None:
    lines = document().splitlines()

    for (status, move), to in MOVES.items():
        assert any(line.startswith(f"| {status} ") and f"| {move} " in line and f"| {to} " in line for line in lines)
