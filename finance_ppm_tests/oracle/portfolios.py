"""Random books: small portfolios with every edge case of the definitions in the mix.

Belongs here: what is drawn, and how portfolios are put side by side into larger books. What does not belong here: what
any of it comes to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import note
from hypothesis import strategies as st

from finance_ppm_tests.oracle.books import Books, Line, Program, Project, Quote, Quotes

DAYS_OF_RATES = 420
DRAWN_FOR = date(2026, 6, 15)
"""The as-of day that portfolios are drawn for; of another one they have all days as much earlier or later."""

_RATES = {
    "USD": Decimal("1.0837"),
    "PHP": Decimal("61.519"),
    "GBP": Decimal("0.85173"),
    "JPY": Decimal("163.27"),
    "IDR": Decimal("17433.11"),
    "XTS": Decimal("0.0000000713"),
}
"""About what each currency is worth. XTS is the code for tests: of so little that an amount may become too large."""

_PUBLISHED: dict[str, Callable[[int, date], bool | None]] = {
    "daily": lambda age, day: day.weekday() < 5,
    "weekly": lambda age, day: age % 7 == 3,
    "monthly": lambda age, day: day.day == 1,
    "rarely": lambda age, day: age % 47 == 5,
    "not lately": lambda age, day: age > 20 and age % 2 == 0,
    "long ago": lambda age, day: age > 50,
    "once": lambda age, day: age == 90,
    "this month": lambda age, day: age < 12,
    "never": lambda age, day: False,
    "partly withdrawn": lambda age, day: None if 10 < age < 60 else age % 3 == 0,
    "withdrawn": lambda age, day: None if age % 30 == 2 else False,
}
"""How a currency's rates come out: whether there is one of a day, by its age and the day; None: it was withdrawn."""

_NAMES = st.sampled_from(("Apollo", "Borealis", "R|D 100%", "%7C", "Unassigned", "Zürich — 東京", "(untitled)"))
_VENDORS = st.sampled_from((None, "Acme", "Globex", "Initech|50%", "(none)", ""))
_CATEGORIES = st.sampled_from((None, "CapEx", "OpEx", "CapEx", "OpEx", "(reserve)", "a|b%25"))
_CURRENCIES = st.sampled_from(("USD", "EUR", "PHP", "GBP", "JPY", None, "XXX", "ZZZ", "IDR", "XTS"))
_STATUSES = st.sampled_from(("In Progress", "Completed", "Planning", None, "completed"))
_ARCHIVED = st.sampled_from((False,) * 9 + (True,))
_LARGEST = Decimal("9999999999999999.99")
_ODD_AMOUNTS = (None, "0.00", "0.01", "-0.01", "0.02", "0.07", "33.35", "100.00", "-250.00", "1000000.00")
_HUGE_AMOUNTS = (_LARGEST, -_LARGEST, Decimal("2500000000000.01"), Decimal("83000000000000.37"))
_AMOUNTS = st.one_of(
    st.sampled_from([told and Decimal(told) for told in _ODD_AMOUNTS]),
    st.integers(1, 99_999).map(lambda number: Decimal(number).scaleb(-2)),
    st.integers(-20_000, 9_999_999).map(lambda number: Decimal(number).scaleb(-2)),
    st.integers(0, 99).map(lambda number: _HUGE_AMOUNTS[number % 4] if number > 79 else Decimal(number * 1000)),
)
_ODD_DAYS = (None, None, 0, -1, 1, -7, -30, -31, -33, -62, -100, 15, 31, 62, -366)
_OFFSETS = st.one_of(st.sampled_from(_ODD_DAYS), st.sampled_from(_ODD_DAYS), st.integers(-400, 300))
_ENDS = st.one_of(_OFFSETS, st.integers(0, 700), st.sampled_from((4000, 0, 0, -1)))


@dataclass(frozen=True)
class Scene:
    """What portfolios side by side have in common."""

    as_of: date
    reporting: str
    fiscal_start: int
    published: tuple[tuple[str, str], ...]
    """How each currency's rates come out."""

    def quotes(self) -> Quotes:
        """Every published rate."""
        quotes = []
        for currency, how in self.published:
            for age in range(DAYS_OF_RATES):
                day = self.as_of - timedelta(days=age)
                if (is_published := _PUBLISHED[how](age, day)) is not False:
                    quotes.append(Quote(currency, day, _rate(currency, day) if is_published else None))
        return Quotes(quotes)


@dataclass(frozen=True)
class Portfolio:
    """Pages, drawn as of ``DRAWN_FOR``."""

    programs: tuple[Program, ...]
    projects: tuple[Project, ...]
    lines: tuple[Line, ...]


def _rate(currency: str, day: date) -> Decimal:
    """A rate that wanders by up to a tenth, in a way that only the day decides."""
    wander = Decimal(day.toordinal() * 7919 % 2003 - 1001) / 10_010
    return (_RATES[currency] * (1 + wander)).quantize(Decimal("0.000000000001"))


scenes = st.builds(
    Scene,
    as_of=st.one_of(
        st.sampled_from(
            [date(2026, 6, 15), date(2026, 1, 1), date(2024, 2, 29), date(2025, 12, 31), date(2026, 7, 31)]
        ),
        st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    ),
    reporting=st.sampled_from(("USD", "EUR", "PHP", "PHP", "IDR", "XTS", "ZZZ")),
    fiscal_start=st.integers(1, 12),
    published=st.tuples(*(st.tuples(st.just(code), st.sampled_from((*["daily"] * 6, *_PUBLISHED))) for code in _RATES)),
)


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """0 to 8 projects and 0 to 32 lines; often a commitment to a vendor who has been invoiced about five times."""

    def day(offset: int | None) -> date | None:
        return None if offset is None else DRAWN_FOR + timedelta(days=offset)

    programs = draw(st.lists(st.tuples(_NAMES, _ARCHIVED), max_size=2))
    program_ids = st.sampled_from([None, "program-9", *(f"program-{number}" for number in range(len(programs)))])
    project = st.builds(
        Project,
        project_id=st.just(""),
        name=_NAMES,
        program_id=program_ids,
        currency=_CURRENCIES,
        budget_total=_AMOUNTS,
        start=_OFFSETS.map(day),
        end=_ENDS.map(day),
        status=_STATUSES,
        is_archived=_ARCHIVED,
    )
    projects = draw(st.integers(0, 8).flatmap(lambda count: st.lists(project, min_size=count, max_size=count)))
    named = [f"project-{number}" for number in range(len(projects))]
    homes = [st.sampled_from(named).map(lambda name: (name,))] * 4 if named else []
    line = st.builds(
        Line,
        line_id=st.just(""),
        project_ids=st.one_of(
            *homes,
            st.lists(st.sampled_from([*named, "project-9"]), max_size=4, unique=True).map(tuple),
        ),
        category=_CATEGORIES,
        vendor=_VENDORS,
        amount=_AMOUNTS,
        committed=_OFFSETS.map(day),
        invoiced=_OFFSETS.map(day),
        paid=_OFFSETS.map(day),
        actual=st.one_of(st.none(), _AMOUNTS),
        is_archived=_ARCHIVED,
    )
    lines = draw(st.integers(0, 25).flatmap(lambda count: st.lists(line, min_size=count, max_size=count)))
    if draw(st.integers(0, 2)) == 2:
        habit = replace(draw(line), is_archived=False)
        for lag in draw(st.lists(st.integers(-2, 120), min_size=3, max_size=6)):
            invoiced = DRAWN_FOR - timedelta(days=lag % 11)
            lines.append(replace(habit, committed=invoiced - timedelta(days=lag), invoiced=invoiced))
        committed = DRAWN_FOR - timedelta(days=draw(st.integers(0, 30)))
        lines.append(replace(habit, amount=Decimal("700.00"), committed=committed, invoiced=None, paid=None))
    return Portfolio(
        tuple(Program(f"program-{number}", *told) for number, told in enumerate(programs)),
        tuple(replace(page, project_id=named[number]) for number, page in enumerate(projects)),
        tuple(replace(page, line_id=f"line-{number}") for number, page in enumerate(lines)),
    )


def side_by_side(scene: Scene, several: list[Portfolio]) -> Books:
    """The books of several portfolios that know nothing of each other: only names and currencies may be the same."""
    move = scene.as_of - DRAWN_FOR
    told = [_apart(portfolio, f"{number}/", move) for number, portfolio in enumerate(several)]
    return Books(
        scene.as_of,
        scene.reporting,
        scene.fiscal_start,
        tuple(page for portfolio in told for page in portfolio.programs),
        tuple(page for portfolio in told for page in portfolio.projects),
        tuple(page for portfolio in told for page in portfolio.lines),
        scene.quotes(),
    )


def _apart(portfolio: Portfolio, prefix: str, move: timedelta) -> Portfolio:
    """The same on other days, with ids of its own; and with vendors of its own, lest all lags be known of all."""

    def moved(day: date | None) -> date | None:
        return day and day + move

    def own(name: str | None) -> str | None:
        return name and prefix + name

    return Portfolio(
        tuple(replace(page, program_id=prefix + page.program_id) for page in portfolio.programs),
        tuple(
            replace(
                page,
                project_id=prefix + page.project_id,
                program_id=own(page.program_id),
                start=moved(page.start),
                end=moved(page.end),
            )
            for page in portfolio.projects
        ),
        tuple(
            replace(
                page,
                line_id=prefix + page.line_id,
                project_ids=tuple(prefix + named for named in page.project_ids),
                vendor=own(page.vendor),
                committed=moved(page.committed),
                invoiced=moved(page.invoiced),
                paid=moved(page.paid),
            )
            for page in portfolio.lines
        ),
    )


@st.composite
def books(draw: st.DrawFn, portfolio_count: int = 1) -> Books:
    """Books of so many portfolios."""
    scene = draw(scenes)
    note(f"{scene!r}")
    drawn = st.lists(portfolios(), min_size=portfolio_count, max_size=portfolio_count)
    return side_by_side(scene, draw(drawn))
