"""The two forms of an export."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """A workbook, or text with commas."""

    XLSX = "xlsx"
    CSV = "csv"
