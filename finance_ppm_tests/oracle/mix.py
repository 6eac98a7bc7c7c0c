"""The edge cases, and which of them books hold: random books prove little of a case that they never meet."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from finance_ppm_tests.oracle.arithmetic import ZERO, after, first_of
from finance_ppm_tests.oracle.books import UNASSIGNED, Books, Line
from finance_ppm_tests.oracle.market import REASONS, Market
from finance_ppm_tests.oracle.outlook import InReporting, Outlook, outlooks
from finance_ppm_tests.oracle.shares import homes_of

OF_A_PROJECT: dict[str, Callable[[Outlook], Any]] = {
    "no lines": lambda o: not o.shares,
    "no actuals": lambda o: not o.anything_counts,
    "nothing but an actual of 0": lambda o: o.anything_counts and all(not share.counted for share in o.shares),
    "past its end, not Completed": lambda o: o.is_past_its_end and not o.is_completed,
    "Completed, with planned lines": lambda o: o.is_completed and _any(o, "planned"),
    "Completed, with open commitments": lambda o: o.is_completed and o.oc > 0,
    "zero budget": lambda o: o.home.project and o.home.project.budget_total == 0,
    "missing budget": lambda o: o.home.project and o.home.project.budget_total is None,
    "negative budget": lambda o: o.home.project and (o.home.project.budget_total or 0) < 0,
    "no budget of any kind, and spend": lambda o: o.bac is None and o.ac > 0,
    "budget from its lines": lambda o: o.bac is not None and o.budget_total is None,
    "lines below 0 in sum": lambda o: o.line_total < 0,
    "lines over the total": lambda o: (o.reserve or 0) < 0,
    "end before start": lambda o: o.start and o.end and o.end < o.start,
    "start in the future": lambda o: o.start and o.start > o.as_of,
    "no start": lambda o: o.start is None and o.end,
    "no end": lambda o: o.end is None and o.start,
    "ends this month": lambda o: o.end and first_of(o.end) == first_of(o.as_of) and o.end >= o.as_of,
    "actual of the open month": lambda o: o.ac_by_month.get(first_of(o.as_of)),
    "actual of the last three closed months": lambda o: o.burn,
    "burn below 0": lambda o: (o.burn or 0) < 0,
    "undated actual": lambda o: any(share.counts and not share.recognised for share in o.shares),
    "future actual": lambda o: any(share.is_future for share in o.shares),
    "paid before it is invoiced": lambda o: any(share.is_paid and share.is_future for share in o.shares),
    "settled without actual": lambda o: any(share.actual is None for share in o.settled),
    "commitment spent beyond its amount": lambda o: any(
        share.is_open and (share.actual or 0) > (share.amount or 0) for share in o.shares
    ),
    "negative commitment": lambda o: any(share.state == "committed" and (share.amount or 0) < 0 for share in o.shares),
    "credit": lambda o: any((share.actual or 0) < 0 and share.counts for share in o.shares),
    "too little settled for a proxy": lambda o: o.line_total > 0 and o.ac_settled > 0 and o.cpi_line_proxy is None,
    "proxy": lambda o: o.cpi_line_proxy is not None,
    "k at its floor": lambda o: o.k == Decimal("0.8"),
    "k at its ceiling": lambda o: o.k == Decimal("1.5"),
    "k in between": lambda o: Decimal("0.8") < o.k < Decimal("1.5") and o.k != 1,
    "k of amounts too large": lambda o: o.k == 1 and (o.bac or 0) > 10**14,
    "EAC held up by AC + OC": lambda o: o.eac > sum(o.eac_of(share) for share in o.shares),
    "less to come than is placed": lambda o: any(amount < 0 for amount in o.etc_by_month.values()),
    "methods disagree": lambda o: o.methods_disagree is True,
    "methods agree": lambda o: o.methods_disagree is False,
    "a lag places a commitment": lambda o: any(
        share.state == "committed" and o.lags.of(share.line) is not None for share in o.shares
    ),
    "no lag for a commitment": lambda o: any(
        share.state == "committed" and o.lags.of(share.line) is None for share in o.shares
    ),
    "commitment placed after the end": lambda o: (
        o.end and any(month > o.end for month in o.etc_by_month if o.end > after(o.as_of))
    ),
}

OF_A_LINE: dict[str, Callable[[Line], Any]] = {
    "archived": lambda line: line.is_archived,
    "without a project": lambda line: not line.project_ids,
    "of two projects": lambda line: len(line.project_ids) == 2,
    "of four projects": lambda line: len(line.project_ids) == 4,
    "without a vendor": lambda line: not line.vendor,
    "without a category": lambda line: line.category is None,
    "of a name with % or |": lambda line: any(mark in f"{line.vendor}{line.category}" for mark in "%|"),
    "called (none) or (reserve)": lambda line: "(none)" in (line.vendor or "") or line.category == "(reserve)",
    "without an amount": lambda line: line.amount is None,
    "of one cent": lambda line: line.amount == Decimal("0.01"),
    "of the largest amount": lambda line: abs(line.amount or ZERO) > 10**15,
    "out of order": lambda line: line.committed and line.invoiced and line.invoiced < line.committed,
}


def edge_cases(books: Books) -> Counter[str]:
    """How often ``books`` hold each case; those of 0 as well."""
    market, found = Market(books), outlooks(books)
    told = [InReporting(outlook, market) for outlook in found]
    homes = homes_of(books)
    counts: Counter[str] = Counter()
    for name, holds in OF_A_PROJECT.items():
        counts[f"project: {name}"] = sum(bool(holds(outlook)) for outlook in found)
    for name, is_so in OF_A_LINE.items():
        counts[f"line: {name}"] = sum(bool(is_so(line)) for line in books.lines)
    for reason in REASONS:
        counts[f"reporting: {reason}"] = sum(figures.reason == reason for figures in told)
    converted = [figures for figures in told if figures.reason is None and figures.of.home.unit != books.reporting]
    counts["reporting: converted"] = sum(bool(figures.parts) for figures in converted)
    counts["reporting: at a stale rate"] = sum(any(part.is_stale for part in figures.parts) for figures in converted)
    counts["a line of several currencies"] = sum(
        len({homes[named].unit for named in line.project_ids if named in homes}) > 1 for line in books.lines
    )
    counts["archived project with lines"] = sum(_is_of_archived(books, line) for line in books.lines)
    counts["archived program"] = sum(program.is_archived for program in books.programs)
    counts["unassigned, of several currencies"] = sum(o.home.project_id == UNASSIGNED for o in found) > 1
    return counts


def _any(outlook: Outlook, state: str) -> bool:
    return any(share.state == state for share in outlook.shares)


def _is_of_archived(books: Books, line: Line) -> bool:
    return any(page.is_archived and page.project_id in line.project_ids for page in books.projects)
