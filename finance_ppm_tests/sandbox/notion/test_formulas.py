from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_ppm.sandbox.notion.formulas import FormulaError, parse

NOW = datetime(2026, 6, 15, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "": NOW,
    "Amount": Decimal("10.50"),
    "None": None,
    "Name": 'A "b"',
    "Tags": ["x", "y"],
    "Done": True,
    "Due": datetime(2026, 6, 1, tzinfo=UTC),
}
KINDS = {"Amount": "number", "None": "number", "Name": "string", "Tags": "string", "Done": "boolean", "Due": "date"}


def compute(expression: str) -> tuple[str, Any]:
    formula = parse(expression, KINDS.get)
    return formula.kind, formula.compute(VALUES.__getitem__)


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("1 + 2 * 3", "number", 7),
        ("(1 + 2) * 3", "number", 9),
        ("-2 ^ 2", "number", 4),
        ("10 - 3 - 2", "number", 5),
        ('prop("Amount") / 4', "number", Decimal("2.625")),
        ('prop("Amount") - prop("None")', "number", Decimal("10.50")),
        ('prop("None") - prop("None")', "number", None),
        ("1 / 0", "number", None),
        ('prop("Name") + "!"', "string", 'A "b"!'),
        ('"say \\"hi\\""', "string", 'say "hi"'),
        ('prop("Due") < now()', "boolean", True),
        ('prop("Done") and not empty(prop("Name"))', "boolean", True),
        ('if(prop("Amount") > 10, "big", "small")', "string", "big"),
        ('prop("Done") ? 1 : 2', "number", 1),
        ('prop("Tags").length()', "number", 2),
        ('prop("Tags").includes("x")', "boolean", True),
        ("round(2.567, 1)", "number", Decimal("2.6")),
        ("max(1, 3, 2) % 2 == 1 or false", "boolean", True),
        ('format(prop("Amount"))', "string", "10.50"),
        ('prop("Due")', "date", VALUES["Due"]),
    ],
)
def test_expressions(expression: str, kind: str, value: Any) -> None:
    assert compute(expression) == (kind, value)


@pytest.mark.parametrize("expression", ["", "1 +", "(1", 'prop("Nope")', "nope(1)", "1 2", "€", "if(1, 2"])
def test_what_is_no_formula_is_refused(expression: str) -> None:
    with pytest.raises(FormulaError):
        compute(expression)


@given(st.decimals("-1e9", "1e9", places=2), st.decimals("-1e9", "1e9", places=2))
def test_money_is_exact(left: Decimal, right: Decimal) -> None:
    formula = parse('prop("Amount") - prop("None")', KINDS.get)
    assert formula.compute({"Amount": left, "None": right}.__getitem__) == left - right
