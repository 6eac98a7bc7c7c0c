"""Random portfolios with spans and states, for what holds of every portfolio."""

from datetime import date, timedelta
from random import Random

from finance_ppm_tests.transforms.budget_by_hand import AS_OF, Rows, random_rows

_DAYS = [*(AS_OF + timedelta(days=days) for days in (-700, -330, -40, -1, 0, 1, 11, 400)), date(2024, 2, 29)]


def random_portfolio(random: Random, prefix: str = "") -> Rows:
    """A small portfolio whose projects have any span, state and currency."""
    rows = random_rows(random, prefix)
    for page in rows.projects:
        page["start_date"] = random.choice([*_DAYS, None])
        page["end_date"] = random.choice([*_DAYS, date(2076, 12, 31), None])
        page["status"] = random.choice(["Completed", "In Progress", None])
        page["currency"] = random.choice(["USD", "USD", "EUR", "SEK", "P|P", None])
    return rows


def many_portfolios(count: int, seed: int = 5) -> Rows:
    """One portfolio made of many random ones."""
    random = Random(seed)
    return sum((random_portfolio(random, f"r{i}-") for i in range(count)), Rows())
