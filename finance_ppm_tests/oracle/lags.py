"""How long after their commitment lines are invoiced."""

from collections import defaultdict
from statistics import median_low

from finance_ppm_tests.oracle.books import Books, Line

ENOUGH = 5


class Lags:
    """Median days from committed to invoiced: of a vendor, else of a category, else of the portfolio."""

    def __init__(self, books: Books) -> None:
        self._days: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for line in books.lines:
            if line.is_archived or line.committed is None or line.invoiced is None:
                continue
            if line.committed <= line.invoiced <= books.as_of:
                for group in (("vendor", line.vendor), ("category", line.category), ("portfolio", None)):
                    self._days[group].append((line.invoiced - line.committed).days)

    def of(self, line: Line) -> int | None:
        """The lag to expect of ``line``; None where too little is known."""
        groups = [("vendor", line.vendor)] if line.vendor else []
        groups += [("category", line.category)] if line.category else []
        for group in (*groups, ("portfolio", None)):
            if len(self._days[group]) >= ENOUGH:
                return median_low(self._days[group])
        return None
