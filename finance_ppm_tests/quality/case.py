"""What a case is.

It tells rows beside the sound ones of ``portfolios.BASE``; ``broken`` are the findings of its rule over all of them,
as (row id, column, value). Whatever is told and not among them is a near miss.
"""

from dataclasses import dataclass

from finance_ppm_tests.quality.portfolios import Row, Rows

Finding = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Case:
    rule: str
    rows: Rows
    broken: list[Finding]


def case(rule: str, broken: list[Finding], **rows: list[Row]) -> Case:
    return Case(rule, rows, broken)


def issue(rule: str, column: str | None, value: str | None) -> list[Row]:
    return [{"rule": rule, "column": column, "value": value, "message": f"It breaks {rule}."}]
