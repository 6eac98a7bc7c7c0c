"""Budget lines: what a project buys, planned early and edited as it is committed, invoiced and paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Self

from finance_ppm.sandbox.notion.history import Change
from finance_ppm.sandbox.portfolio import vocabulary
from finance_ppm.sandbox.portfolio.databases import BUDGET_LINES
from finance_ppm.sandbox.portfolio.projects import Course, Project
from finance_ppm.sandbox.portfolio.timeline import Diary, Timeline, at_work, days, months_after, new_id
from finance_ppm.sandbox.portfolio.values import Properties, day, money, relation, rich_text, select, title
from finance_ppm.sandbox.portfolio.vocabulary import TRADES, Trade

_TRADE_WEIGHTS = tuple(accumulate(trade.weight for trade in TRADES))

_PLANNED_SHARE = {
    Course.STEADY: (0.80, 0.93),
    Course.LATE: (0.86, 0.95),
    Course.OVERSPENT: (1.06, 1.20),
    Course.UNDER_BUDGET: (0.78, 0.88),
    Course.NO_ACTUALS: (0.85, 0.92),
}
"""The sum of a project's lines as a share of its budget."""

_ACTUAL_SHARES = {
    Course.STEADY: ((0.64, 1.0, 1.0), (0.24, 0.90, 0.999), (0.12, 1.001, 1.04)),
    Course.LATE: ((0.60, 1.0, 1.0), (0.20, 0.92, 0.999), (0.20, 1.001, 1.06)),
    Course.OVERSPENT: ((0.50, 1.0, 1.0), (0.50, 1.02, 1.25)),
    Course.UNDER_BUDGET: ((0.20, 1.0, 1.0), (0.80, 0.80, 0.97)),
    Course.NO_ACTUALS: ((1.0, 1.0, 1.0),),
}
"""What is spent on a line as a share of its amount: (probability, from, to)."""


def page(
    project: Project, *, name: str, trade: Trade, vendor: str, amount: int, committed: date | None = None
) -> Properties:
    """A line's page when it is created; ``amount`` in cents of the project's currency."""
    properties = {
        "Line": title(name),
        "Project": relation([project.page_id]),
        "Category": select(trade.category),
        "Vendor": rich_text(vendor),
        "Amount": money(amount),
    }
    return properties if committed is None else properties | {"Committed Date": day(committed)}


def tell(project: Project, count: float, timeline: Timeline, rng: Random) -> Iterator[Diary]:
    """About ``count`` lines of one project: most planned within days of it, the others on the way."""
    amounts = Amounts(rng)
    for amount in _planned(project, max(3, round(count * rng.uniform(0.55, 1.45))), amounts, rng):
        yield _line(project, amount, amounts, timeline, rng)


class Amounts:
    """The amounts of one project's lines: no two are alike, so no two lines look like one entered twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[int] = set()

    def unlike(self, cents: int) -> int:
        """``cents``, or a little more where another line has that amount."""
        while cents in self._taken:
            cents += self._rng.randint(1_00, 99_00)
        self._taken.add(cents)
        return cents


def _planned(project: Project, count: int, amounts: Amounts, rng: Random) -> list[int]:
    """Lumpy amounts in cents that add up to about the planned share of the project's budget."""
    unit = vocabulary.CURRENCIES[project.currency]
    weights = [rng.lognormvariate(0, 1.1) for _ in range(count)]
    scale = project.budget * rng.uniform(*_PLANNED_SHARE[project.course]) / sum(weights)
    round_figure = 100_00 * (50 if unit > 10 else 1)
    planned = []
    for weight in weights:
        cents = max(int(weight * scale), int(unit * rng.randint(90_00, 240_00)))
        if rng.random() < 0.45 and cents > 5 * round_figure:
            cents -= cents % round_figure
        planned.append(amounts.unlike(cents))
    return planned


@dataclass(frozen=True)
class _Milestones:
    """A line's real dates."""

    created: date
    committed: date
    invoiced: date
    paid: date

    @classmethod
    def of(cls, project: Project, timeline: Timeline, rng: Random) -> Self:
        """Everything within the project: an invoice in three is booked on the last day of its month."""
        stretch = min(1.0, project.duration.days / 300)
        committed = project.start + project.duration * rng.uniform(0.02, 0.70)
        invoiced = committed + days(rng, 10, 45) * stretch
        if project.course is Course.NO_ACTUALS:
            invoiced = max(invoiced, timeline.anchor + days(rng, 15, 45))
        if rng.random() < 0.33:
            invoiced = months_after(invoiced.replace(day=1), 1) - timedelta(1)
        invoiced = min(invoiced, project.finish - timedelta(3))
        paid = min(invoiced + days(rng, 15, 40) * stretch, project.finish)
        earliest = project.created + timedelta(3)
        early = rng.random() < 0.83
        created = earliest + days(rng, 0, 9) if early else max(earliest, committed - days(rng, 5, 30))
        return cls(created, committed, invoiced, paid)


def _line(project: Project, amount: int, amounts: Amounts, timeline: Timeline, rng: Random) -> Diary:
    trade = rng.choices(TRADES, cum_weights=_TRADE_WEIGHTS)[0]
    when = _Milestones.of(project, timeline, rng)
    diary = Diary(BUDGET_LINES, new_id(rng), timeline.end)
    dropped = rng.random() < (0.12 if project.course is Course.UNDER_BUDGET else 0.05)
    expected = None if dropped else _expected(when, project, rng)
    diary.write(
        at_work(rng, when.created),
        Change.CREATE,
        page(
            project,
            name=_name(rng, trade, when.committed),
            trade=trade,
            vendor=rng.choice(trade.vendors),
            amount=amount,
            committed=expected,
        ),
    )
    if when.created + timedelta(14) < when.committed and rng.random() < 0.003:
        diary.write(at_work(rng, when.created + timedelta(3)), Change.TRASH)
        diary.write(at_work(rng, when.created + timedelta(5)), Change.RESTORE)
    if dropped:
        _drop(diary, when, rng)
    else:
        if expected is not None and expected < when.committed:
            _postpone(diary, expected, when, rng)
        amended = _commit(diary, amount, amounts, when, rng)
        _settle(diary, _actual(amended, project.course, rng), trade, when, rng)
    return diary


def _name(rng: Random, trade: Trade, committed: date) -> str:
    quarter = f", {committed.year} Q{(committed.month + 2) // 3}"
    return rng.choice(trade.lines) + rng.choice(("", quarter, f", part {rng.randint(1, 4)}"))


def _expected(when: _Milestones, project: Project, rng: Random) -> date | None:
    """The commitment date a planner writes down, if any: early for one line in four, else in good time."""
    if rng.random() < 0.4:
        return None
    if rng.random() < 0.25:
        early = when.committed - days(rng, 8, 25)
        return early if early > max(project.start, when.created + timedelta(7)) else None
    return min(when.committed + days(rng, 0, 20), max(when.committed, project.planned_end))


def _drop(diary: Diary, when: _Milestones, rng: Random) -> None:
    """A line nobody needs any more: noted, or thrown away."""
    decided = max(when.committed, when.created) + days(rng, 5, 40)
    if rng.random() < 0.15:
        diary.write(at_work(rng, decided), Change.TRASH)
    else:
        diary.write(at_work(rng, decided), Change.UPDATE, {"Notes": rich_text("Not needed; released at the review.")})


def _postpone(diary: Diary, expected: date, when: _Milestones, rng: Random) -> None:
    """Shortly before the expected day everybody knows better."""
    moved = {"Committed Date": day(when.committed), "Notes": rich_text("Order moved: waiting for approval.")}
    diary.write(at_work(rng, expected - days(rng, 2, 5)), Change.UPDATE, moved)


def _commit(diary: Diary, amount: int, amounts: Amounts, when: _Milestones, rng: Random) -> int:
    """The commitment, and for some lines a change of the amount; the amount it ends with."""
    order = {"Committed Date": day(when.committed)}
    if rng.random() < 0.4:
        order["Notes"] = rich_text(f"PO 45{rng.randint(0, 999_999):06}")
    diary.write(at_work(rng, when.committed + days(rng, 0, 3)), Change.UPDATE, order)
    if rng.random() >= 0.08:
        return amount
    amended = amounts.unlike(int(amount * rng.uniform(0.90, 1.08)))
    note = rich_text(f"Amended by change request CR-{rng.randint(1, 240):03}.")
    between = when.committed + (when.invoiced - when.committed) * rng.random()
    diary.write(at_work(rng, between), Change.UPDATE, {"Amount": money(amended), "Notes": note})
    return amended


def _actual(amount: int, course: Course, rng: Random) -> int:
    shares = _ACTUAL_SHARES[course]
    _, low, high = rng.choices(shares, [probability for probability, _, _ in shares])[0]
    return amount if low == high else int(amount * rng.uniform(low, high))


def _settle(diary: Diary, actual: int, trade: Trade, when: _Milestones, rng: Random) -> None:
    """Invoice and payment, each entered up to four days after its date; now and then a correction."""
    spent = {"Actual Amount": money(actual)}
    settled = {"Paid Date": day(when.paid)}
    if trade.invoiced:
        at_invoice = rng.random() < 0.75
        invoice = {"Invoice Date": day(when.invoiced)}
        diary.write(
            at_work(rng, when.invoiced + days(rng, 0, 4)), Change.UPDATE, invoice | spent if at_invoice else invoice
        )
        settled |= {} if at_invoice else spent
    else:
        settled |= spent
    diary.write(at_work(rng, when.paid + days(rng, 0, 4)), Change.UPDATE, settled)
    if rng.random() < 0.02:
        credited = {
            "Actual Amount": money(int(actual * rng.uniform(0.94, 0.99))),
            "Notes": rich_text("Credit note received."),
        }
        diary.write(at_work(rng, when.paid + days(rng, 10, 60)), Change.UPDATE, credited)
