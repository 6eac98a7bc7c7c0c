"""Projects with figures worked out by hand: each formula, and each row of the table of edge cases.

As of 20 November 2026. Unless a case says otherwise, a project runs from 1 January 2026 to 31 January 2027, in dollars,
which is the reporting currency. Next month is December. The median lag from commitment to invoice is 20 days.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from finance_ppm_tests.transforms.budget_by_hand import AS_OF, Rows, line, project
from finance_ppm_tests.transforms.forecast.world import AUG, END, JAN, NOV, OCT, SEP, TOMORROW, money, one, spent

DEC = date(2026, 12, 31)
MOST = money("9999999999999999.99")
UNASSIGNED = "(unassigned)"


@dataclass(frozen=True)
class Case:
    """A portfolio, and what some columns of one of its projects are, and its months.

    ``months`` is by label ``pv ac etc``; a metric that is left out is not compared, and ``None`` is no such row.
    """

    rows: Rows
    figures: dict[str, Any] = field(default_factory=dict)
    months: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    key: tuple[str, str] | None = None
    """The project and currency, where they are not those of the first project."""


def invoiced_after(days: int, **cells: Any) -> dict[str, Any]:
    """A line without amounts, committed in January and invoiced so many days later."""
    return {"committed_date": JAN, "invoice_date": JAN + timedelta(days=days), **cells}


CASES = {
    # Paid 90 of 100, invoiced today 60 of 50, committed today 40, planned 30 (committed tomorrow). L = 220, BAC
    # 300, U = 80. AC = 90 + 60 = 150, of it paid 90. OC = 40. Available = 300 - 150 - 40 = 110. Settled: EV = 100 +
    # 50 = 150, AC_s = 150, so k = (150 + 60) / (150 + 60) = 1. EAC = 90 + 60 + 40 + 30 = 220, ETC = 70, VAC = 80.
    # From 1 January to 31 December are 365 days, of which 324 have passed: PV = 300 x 324 / 365 = 266.301... The
    # committed 40 is expected on 10 December, and the rest of 30 has the days of December.
    "every state": Case(
        one(
            "states",
            {"amount": money("100.00"), "actual_amount": money("90.00"), "committed_date": JAN}
            | {"invoice_date": AUG, "paid_date": SEP},
            spent("60.00", AS_OF, "50.00"),
            {"amount": money("40.00"), "committed_date": AS_OF},
            {"amount": money("30.00"), "committed_date": TOMORROW},
            budget_total=money("300.00"),
            end_date=DEC,
            status="In Progress",
        ),
        {
            "project_name": "A project",
            "program_id": UNASSIGNED,
            "status": "In Progress",
            "line_count": 4,
            "line_total": "220.00",
            "bac": "300.00",
            "bac_source": "budget_total",
            "reserve": "80.00",
            "ac": "150.00",
            "paid": "90.00",
            "accrued": "60.00",
            "oc": "40.00",
            "available": "110.00",
            "spent_ratio": 150 / 300,
            "consumed_ratio": 190 / 300,
            "elapsed": 324 / 365,
            "pv": "266.30",
            "ev_line": "150.00",
            "ac_settled": "150.00",
            "settled_coverage": 150 / 220,
            "cpi_line_proxy": 1.0,
            "k": "1.000000",
            "eac": "220.00",
            "etc": "70.00",
            "vac": "80.00",
            "eac_if_reserve_used": "300.00",
            "days_late": None,
            "reporting_unit": "USD",
            "bac_reporting": "300.00",
            "ac_reporting": "150.00",
            "oc_reporting": "40.00",
            "etc_reporting": "70.00",
            "eac_reporting": "220.00",
            "vac_reporting": "80.00",
            "eac_constant": "220.00",
            "fx_variance": "0.00",
            "stale_rate": False,
            "unconverted_reason": None,
        },
        {
            "2026-08": {"ac": "90.00", "etc": "0.00"},
            "2026-11": {"ac": "60.00", "etc": "0.00"},
            "2026-12": {"ac": "0.00", "etc": "70.00"},
            "2027-01": None,
        },
    ),
    # 7 of no date counts, in no month; 5 of tomorrow does not. The line of tomorrow's invoice is planned: of its 5
    # and its k x 4 = 4 it comes to 5. The undated is planned too: of 7 and k x 10 = 10 it comes to 10. k = (0 +
    # 2.8) / 2.8.
    "undated and future actuals": Case(
        one(
            "dates",
            {"amount": money("10.00"), "actual_amount": money("7.00")},
            spent("5.00", TOMORROW, "4.00"),
        ),
        {
            "bac": "14.00",
            "bac_source": "lines",
            "ac": "7.00",
            "paid": "0.00",
            "accrued": "7.00",
            "undated_actual": "7.00",
            "undated_actual_count": 1,
            "future_actual": "5.00",
            "future_actual_count": 1,
            "oc": "0.00",
            "ev_line": "0.00",
            "ac_settled": "0.00",
            "k": "1.000000",
            "eac": "15.00",
            "etc": "8.00",
            "cpi_line_proxy": None,
            "burn": "0.00",
            "runway_months": None,
        },
        {"undated": {"pv": "0.00", "ac": "7.00", "etc": "0.00"}, "2026-11": {"ac": "0.00", "etc": "0.00"}},
    ),
    # A planned credit of -30 stays -30 whatever k, and a credit note of -10 counts on its own day. L = 100 - 10 -
    # 30 - 5 = 55, AC = 80 - 10 = 70. Committed -5: no OC, comes to -5. EAC = 80 - 10 - 30 - 5 = 35, but at least AC
    # + OC = 70: no ETC. The committed -5 is expected in December all the same, so that 5 are left for the two
    # months: 2.50 each.
    "credits": Case(
        one(
            "credits",
            spent("80.00", SEP),
            spent("-10.00", OCT, "-10.00"),
            {"amount": money("-30.00")},
            {"amount": money("-5.00"), "committed_date": JAN},
        ),
        {"line_total": "55.00", "ac": "70.00", "oc": "0.00", "eac": "70.00", "etc": "0.00", "vac": "-15.00"},
        {
            "2026-09": {"ac": "80.00"},
            "2026-10": {"ac": "-10.00"},
            "2026-12": {"etc": "-2.50"},
            "2027-01": {"etc": "2.50"},
        },
    ),
    # Committed 100 with 30 spent on no day: OC = 70, comes to 100. With -20: OC = 100, comes to 100, ETC of the
    # line 120. With 130: OC = 0, comes to 130. With 40 of tomorrow: OC = 100, for the 40 do not count yet, comes to
    # 100. AC = 30 - 20 + 130 = 140, EAC = 430, ETC = 290 = 70 + 120 + 0 + 100, all expected on 30 January + 20
    # days: December.
    "open commitments": Case(
        one(
            "open",
            *(
                {"amount": money("100.00"), "actual_amount": money(actual), "committed_date": JAN} | day
                for actual, day in (("30.00", {}), ("-20.00", {}), ("130.00", {}), ("40.00", {"paid_date": TOMORROW}))
            ),
            budget_total=money("500.00"),
        ),
        {"ac": "140.00", "oc": "270.00", "eac": "430.00", "etc": "290.00", "available": "90.00"},
        {"2026-12": {"etc": "290.00"}, "2027-01": {"etc": "0.00"}},
    ),
    # Settled without an actual: the amount stands in (100), and nothing was spent. With neither: 0. Planned without
    # an amount: the actual, 3; committed so: 4. EAC = 100 + 0 + 3 + 4, AC = 3 + 4.
    "nulls are no zeros": Case(
        one(
            "nulls",
            {"amount": money("100.00"), "paid_date": OCT},
            {"paid_date": OCT},
            {"actual_amount": money("3.00")},
            {"actual_amount": money("4.00"), "committed_date": OCT},
            {},
        ),
        {
            "line_count": 5,
            "line_total": "100.00",
            "ac": "7.00",
            "ac_settled": "0.00",
            "settled_without_actual": 2,
            "cpi_line_proxy": None,
            "eac": "107.00",
        },
    ),
    # k = (200 + 20) / (50 + 20) = 3.14..., at most 1.5: 10.01 comes to 15.015, that is 15.02. A credit stays what
    # it is.
    "k at most": Case(
        one(
            "most",
            *(spent("200.00", OCT, "50.00"), {"amount": money("10.01")}, {"amount": money("-10.00")}),
            budget_total=money("100.00"),
        ),
        {"k": "1.500000", "eac": "205.02", "etc": "5.02", "reserve": "49.99", "eac_if_reserve_used": "255.01"},
    ),
    # k = (10 + 20) / (100 + 20) = 0.25, at least 0.8: 10.01 comes to 8.008, that is 8.01. The proxy is 100 / 10.
    "k at least": Case(
        one("least", spent("10.00", OCT), {"amount": money("10.01")}, budget_total=money("100.00")),
        {"k": "0.800000", "eac": "18.01", "cpi_line_proxy": 10.0, "settled_coverage": 100 / 110.01},
    ),
    # k = (110 + 20) / (100 + 20) = 1.08333..., six digits: 12.00 comes to 12.999996, that is 13.00.
    "k between": Case(
        one("between", spent("110.00", OCT), {"amount": money("12.00")}, budget_total=money("100.00")),
        {"k": "1.083333", "eac": "123.00"},
    ),
    # k = (0.8 + 20) / (0.3 + 20) = 1.0246305...: the seventh digit is 5 and more follow.
    "k is rounded": Case(one("rounded", spent("0.80", OCT, "0.30"), budget_total=money("100.00")), {"k": "1.024631"}),
    # 9 of 100 are settled: less than 10 %, so the proxy says nothing. With 10 it does: 10 / 8.
    "coverage below a tenth": Case(
        one("below", spent("8.00", OCT, "9.00"), {"amount": money("91.00")}),
        {"settled_coverage": 0.09, "cpi_line_proxy": None},
    ),
    "coverage of a tenth": Case(
        one("tenth", spent("8.00", OCT, "10.00"), {"amount": money("90.00")}),
        {"settled_coverage": 0.1, "cpi_line_proxy": 1.25},
    ),
    # Spent 10, 20 and 70.01 in the three closed months, 500 in the open one: burn = 100.01 / 3 = 33.336..., 33.34.
    # AC = 1600.01 with 1000 of July. Available = 2000 - 1600.01. To January are two months: 1600.01 + 66.68 =
    # 1666.69. EAC = 1600.01, 66.68 away, which is less than 15 % of 2000 = 300.
    "burn": Case(
        one(
            "burn",
            *(spent("1000.00", date(2026, 7, 31)), spent("10.00", date(2026, 8, 1)), spent("20.00", SEP)),
            *(spent("70.01", date(2026, 10, 31)), spent("500.00", date(2026, 11, 1))),
            budget_total=money("2000.00"),
        ),
        {
            "ac": "1600.01",
            "burn": "33.34",
            "runway_months": 399.99 / 33.34,
            "run_rate_eac": "1666.69",
            "methods_disagree": False,
        },
    ),
    # Burn = -0.05 / 3 = -0.01666..., half away from zero -0.02: no runway. Two months: -0.05 - 0.04 = -0.09. EAC =
    # -0.05: 0.04 apart, more than 15 % of 0.26 = 0.039.
    "negative burn": Case(
        one("refund", spent("-0.05", OCT, "0.26")),
        {"bac": "0.26", "burn": "-0.02", "runway_months": None, "run_rate_eac": "-0.09", "methods_disagree": True},
    ),
    # Burn = 30 / 3 = 10, two months: 30 + 20 = 50. EAC = 30 + 5 = 35: 15 apart, no more than 15 % of 100.
    "methods just agree": Case(
        one("agree", spent("30.00", OCT, "30.00"), {"amount": money("5.00")}, budget_total=money("100.00")),
        {"burn": "10.00", "run_rate_eac": "50.00", "eac": "35.00", "methods_disagree": False},
    ),
    # No actuals: burn and ratios null, not 0. 324 of 396 days have passed.
    "no actuals": Case(
        one("silent", {"amount": money("50.00"), "committed_date": TOMORROW}),
        {
            "ac": "0.00",
            "burn": None,
            "runway_months": None,
            "run_rate_eac": None,
            "methods_disagree": None,
            "spent_ratio": None,
            "consumed_ratio": None,
            "cpi_line_proxy": None,
            "settled_coverage": 0.0,
            "elapsed": 324 / 396,
            "etc": "50.00",
        },
    ),
    # An actual of 0 is one: burn is 0 and the ratios are 0.
    "an actual of zero": Case(
        one("zero", spent("0.00", OCT)),
        {"burn": "0.00", "runway_months": None, "spent_ratio": 0.0, "consumed_ratio": 0.0, "cpi_line_proxy": None},
        {"2026-10": {"ac": "0.00"}},
    ),
    # A project without lines: all of its total is reserve, nothing is to come.
    "no lines": Case(
        one("bare", budget_total=money("120.00"), status="Planning"),
        {
            "line_count": 0,
            "line_total": "0.00",
            "bac": "120.00",
            "reserve": "120.00",
            "available": "120.00",
            "k": "1.000000",
            "eac": "0.00",
            "etc": "0.00",
            "vac": "120.00",
            "eac_if_reserve_used": "120.00",
            "burn": None,
            "settled_coverage": None,
            "eac_reporting": "0.00",
        },
    ),
    # A total of 0 and lines of 0 - 5: no budget. Ratios and what needs a budget are null, what is spent still
    # counts.
    "no budget": Case(
        one("broke", spent("80.00", OCT, "-5.00"), budget_total=money("0.00")),
        {
            "bac": None,
            "bac_source": None,
            "reserve": None,
            "available": None,
            "spent_ratio": None,
            "consumed_ratio": None,
            "pv": None,
            "elapsed": 324 / 396,
            "k": "1.000000",
            "ac": "80.00",
            "eac": "80.00",
            "vac": None,
            "eac_if_reserve_used": None,
            "burn": "26.67",
            "runway_months": None,
            "run_rate_eac": "133.34",
            "methods_disagree": None,
            "bac_reporting": None,
            "vac_reporting": None,
            "eac_reporting": "80.00",
        },
        {"2026-10": {"pv": "0.00", "ac": "80.00"}, "2026-12": None},
    ),
    # Lines of 130 in a total of 100: the reserve is negative and nothing of it can be used.
    "lines over the total": Case(
        one("over", {"amount": money("130.00")}, budget_total=money("100.00")),
        {"reserve": "-30.00", "eac": "130.00", "vac": "-30.00", "eac_if_reserve_used": "130.00"},
    ),
    # Completed: the planned 100 leaves ETC unspent; of the planned 50 the 20 that were spent stay and 30 were not.
    # The planned credit of -7 leaves too. What is committed stays open: 40. EAC = 20 + 40.
    "completed": Case(
        one(
            "completed",
            {"amount": money("100.00")},
            {"amount": money("50.00"), "actual_amount": money("20.00")},
            {"amount": money("-7.00")},
            {"amount": money("40.00"), "committed_date": JAN},
            status="Completed",
            end_date=OCT,
        ),
        {
            "ac": "20.00",
            "oc": "40.00",
            "unspent_planned": "130.00",
            "eac": "60.00",
            "etc": "40.00",
            "days_late": None,
            "run_rate_eac": None,
        },
        {"2026-12": {"etc": "40.00"}},
    ),
    # Completed before its end: nothing more is spent, however much was in the last three months.
    "completed early": Case(
        one("early", spent("90.00", OCT, "90.00"), status="Completed"),
        {"burn": "30.00", "eac": "90.00", "run_rate_eac": None, "methods_disagree": None},
    ),
    # Past its end of 31 October, not completed: 20 days late, and all of ETC comes next month, that of the line
    # committed today (whose invoice would be expected in December anyway) and that of the one expected in January
    # too.
    "past its end": Case(
        one(
            "late",
            spent("10.00", OCT),
            {"amount": money("60.00")},
            {"amount": money("40.00"), "committed_date": AS_OF, "vendor": "Slow"},
            end_date=date(2026, 10, 31),
            budget_total=money("100.00"),
        ),
        {"days_late": 20, "elapsed": 1.0, "pv": "100.00", "run_rate_eac": None, "methods_disagree": None},
        {"2026-11": None, "2026-12": {"pv": "0.00"}, "2027-01": None},
    ),
    # It ends this month: not late yet, no day of next month is left, so all of ETC comes in December. No months are
    # left for the run rate either: 30 + 0.
    "ends this month": Case(
        one("ending", spent("30.00", OCT, "30.00"), {"amount": money("60.00")}, end_date=AS_OF),
        {"days_late": None, "elapsed": 1.0, "run_rate_eac": "30.00"},
        {"2026-12": {"pv": "0.00", "etc": "60.00"}, "2027-01": None},
    ),
    # It ends before it starts: what is of time is null, the rest counts. ETC comes next month.
    "end before start": Case(
        one("odd", {"amount": money("60.00")}, start_date=date(2028, 1, 1), end_date=date(2027, 6, 1)),
        {"elapsed": None, "pv": None, "bac": "60.00", "etc": "60.00", "days_late": None},
        {"2026-12": {"pv": "0.00", "etc": "60.00"}, "2027-06": None, "2028-01": None},
    ),
    # Without an end there is no straight line: the rest of ETC comes next month, the committed line when it is
    # expected.
    "no end": Case(
        one("endless", {"amount": money("60.00")}, {"amount": money("5.00"), "committed_date": NOV}, end_date=None),
        {"elapsed": None, "pv": None, "run_rate_eac": None, "etc": "65.00"},
        {"2026-12": {"pv": "0.00", "etc": "65.00"}, "2027-01": None},
    ),
    # Without a start there is no elapsed, but an end is enough for ETC: 62 over 31 days each.
    "no start": Case(
        one("beginless", {"amount": money("62.00")}, start_date=None),
        {"elapsed": None, "pv": None},
        {"2026-12": {"etc": "31.00"}, "2027-01": {"etc": "31.00"}},
    ),
    # A project of one day, which is to come.
    "one day": Case(
        one("day", {"amount": money("9.99")}, start_date=date(2027, 3, 15), end_date=date(2027, 3, 15)),
        {"elapsed": 0.0, "pv": "0.00"},
        {"2026-12": {"pv": "0.00"}, "2027-03": {"pv": "9.99"}, "2027-04": None},
    ),
    # A leap year: a dollar for each of 366 days, 29 in February.
    "leap year": Case(
        one("leap", start_date=date(2024, 1, 1), end_date=date(2024, 12, 31), budget_total=money("366.00")),
        {"pv": "366.00", "elapsed": 1.0},
        {"2024-02": {"pv": "29.00"}, "2024-12": {"pv": "31.00"}, "2025-01": None},
    ),
    # 1.00 over 30 + 31 + 31 days: 32.6..., 33.69..., 33.69... cents. Rounded down that is 98; the two cents left go
    # to the largest remainders: 0.32, 0.34, 0.34. Of 92 days 20 have passed: 21.73... cents.
    "largest remainder": Case(
        one("remainder", start_date=date(2026, 11, 1), budget_total=money("1.00")),
        {"pv": "0.22"},
        {"2026-11": {"pv": "0.32"}, "2026-12": {"pv": "0.34"}, "2027-01": {"pv": "0.34"}},
    ),
    # One cent over two months of 31 days: of equal remainders the earlier gets it, and the other is no row.
    "one cent": Case(
        one("cent", start_date=date(2026, 12, 1), budget_total=money("0.01")),
        {"pv": "0.00"},
        {"2026-12": {"pv": "0.01"}, "2027-01": None},
    ),
    # Half a cent has passed of 0.01 over two days: half away from zero.
    "half a cent": Case(
        one("half", start_date=AS_OF, end_date=TOMORROW, budget_total=money("0.01")),
        {"elapsed": 0.5, "pv": "0.01"},
        {"2026-11": {"pv": "0.01"}},
    ),
    # Committed 100 with a credit of -20 on it: 120 to come. The planned credit is -15: EAC = 85, AC = -20, ETC =
    # 105. Of the committed line 120 are expected in December, so -15 are left over, spread as 15 would be: -7.50
    # for 31 days each.
    "a negative rest": Case(
        one(
            "rest",
            {"amount": money("100.00"), "actual_amount": money("-20.00"), "committed_date": NOV},
            {"amount": money("-15.00")},
        ),
        {"eac": "85.00", "etc": "105.00"},
        {"2026-12": {"etc": "112.50"}, "2027-01": {"etc": "-7.50"}},
    ),
    # Six lines of Slow were invoiced after 10, 20, 70, 80, 90 and 100 days: the lower middle is 70. 10 November +
    # 70 days = 19 January. Its 31 December (from 22 October) is expected then too.
    "lag of the vendor": Case(
        one(
            "vendor",
            {"amount": money("40.00"), "committed_date": NOV, "vendor": "Slow", "category": "Odd"},
            {"amount": money("7.00"), "committed_date": date(2026, 10, 22), "vendor": "Slow"},
        )
        + one(
            "vendor-history",
            *(invoiced_after(days, vendor="Slow") for days in (100, 10, 90, 20, 80, 70)),
        ),
        {"etc": "47.00"},
        {"2026-12": {"etc": "7.00"}, "2027-01": {"etc": "40.00"}},
    ),
    # Four lines of Few (60 days) are too few; with five of no vendor (1 day) its category's median is 1 day, so the
    # commitment of 10 November is expected before December, and comes then. A line of neither goes by the
    # portfolio's 20 days, from 20 November to 10 December, and not by the 100 of most others without a vendor.
    "lag of the category": Case(
        one(
            "category",
            {"amount": money("40.00"), "committed_date": NOV, "vendor": "Few", "category": "Rare"},
            {"amount": money("2.00"), "committed_date": AS_OF, "vendor": "", "category": None},
        )
        + one(
            "category-history",
            *(invoiced_after(60, vendor="Few", category="Rare"),) * 4,
            *(invoiced_after(1, category="Rare"),) * 5,
            *(invoiced_after(100, category="Plain"),) * 9,
        ),
        {"etc": "42.00"},
        {"2026-12": {"etc": "42.00"}, "2027-01": {"etc": "0.00"}},
    ),
    # What was invoiced before it was committed, or after today, tells of no lag; five of 100 days do. 10 November +
    # 100 is 18 February, after the project's end.
    "lag beyond the end": Case(
        one("beyond", {"amount": money("8.00"), "committed_date": NOV, "vendor": "Late"})
        + one(
            "beyond-history",
            *(invoiced_after(100, vendor="Late"),) * 5,
            *(invoiced_after(-1, vendor="Late"),) * 9,
            *({"committed_date": AS_OF, "invoice_date": TOMORROW, "vendor": "Late"},) * 9,
            *(invoiced_after(0, vendor="Late", is_archived=True),) * 9,
        ),
        {"etc": "8.00"},
        {"2026-12": {"etc": "0.00"}, "2027-02": {"pv": "0.00", "etc": "8.00"}},
    ),
    # 0.03 over two projects: 0.02 for the first and 0.01 for the other, one line in each.
    "a line of two projects": Case(
        Rows(
            [],
            [project(name, currency="USD", budget_total=money("1.00")) for name in ("split-b", "split-a")],
            [line("split", "split-b", "split-a", amount=money("0.03"), actual_amount=money("0.03"), invoice_date=OCT)],
        ),
        {"line_count": 1, "line_total": "0.02", "ac": "0.02", "ev_line": "0.02"},
    ),
    # Lines of a project in the trash belong to nobody, in its currency; what is archived itself counts nowhere.
    "a project in the trash": Case(
        Rows(
            [],
            [project("trash", currency="CHF", budget_total=money("500.00"), end_date=END, is_archived=True)],
            [
                line("trash-1", "trash", amount=money("70.00")),
                line("trash-2", "trash", amount=money("999.00"), is_archived=True),
            ],
        ),
        {
            "project_name": "Unassigned",
            "program_id": UNASSIGNED,
            "status": None,
            "start_date": None,
            "end_date": None,
            "line_count": 1,
            "bac": "70.00",
            "bac_source": "lines",
            "reserve": "0.00",
            "eac": "70.00",
            "eac_reporting": None,
            "unconverted_reason": "unknown_currency",
        },
        {"2026-12": {"pv": "0.00", "etc": "70.00"}, "2027-01": None},
        (UNASSIGNED, "CHF"),
    ),
    # Ten of the largest amounts, over 50 years. k is 1 beyond 10^13. The sum leaves 18 digits, and its cents an
    # Int64.
    "the largest amounts": Case(
        one(
            "largest",
            *({"amount": MOST},) * 10,
            *({"amount": MOST, "committed_date": NOV},) * 2,
            {"amount": -MOST, "actual_amount": -MOST, "invoice_date": OCT},
            end_date=date(2076, 12, 31),
        ),
        {
            "bac": "109999999999999999.89",
            "k": "1.000000",
            "ac": "-9999999999999999.99",
            "oc": "19999999999999999.98",
            "eac": "109999999999999999.89",
            "etc": "119999999999999999.88",
            "burn": "-3333333333333333.33",
            "run_rate_eac": "-2013333333333333331.32",
            "methods_disagree": True,
        },
    ),
    # In euros: 1.10 at the start, 1.15 in October, 1.20 today. BAC 1000 is 1100. Spent 100: 115, at constant
    # currency 110. Committed 50: 60, at constant 55. EAC = 115 + 60 = 175, VAC = 925; constant 165, so exchange
    # rates cost 10.
    "euros": Case(
        one(
            "euros",
            spent("100.00", OCT),
            {"amount": money("50.00"), "committed_date": NOV},
            currency="EUR",
            budget_total=money("1000.00"),
        ),
        {
            "unit": "EUR",
            "eac": "150.00",
            "reporting_unit": "USD",
            "bac_reporting": "1100.00",
            "ac_reporting": "115.00",
            "oc_reporting": "60.00",
            "etc_reporting": "60.00",
            "eac_reporting": "175.00",
            "vac_reporting": "925.00",
            "eac_constant": "165.00",
            "fx_variance": "-10.00",
            "stale_rate": False,
            "unconverted_reason": None,
        },
        {
            "2026-10": {"ac": "100.00", "ac_reporting": "115.00", "etc_reporting": "0.00"},
            "2026-12": {"etc": "50.00", "etc_reporting": "60.00"},
        },
    ),
    # Each share is converted by itself: 0.03 x 1.15 = 0.0345, twice 0.03 and not 0.07. An undated actual goes by
    # the closing rate: 0.03 x 1.20 = 0.036, 0.04. Lines without a total: 0.03 x 1.10 = 0.033 each. ETC of 0.05 in
    # each of two months: 0.06 each, at constant currency 0.055, 0.06.
    "cents of euros": Case(
        one(
            "cents",
            *(spent("0.03", OCT, "0.03"),) * 2,
            {"amount": money("0.03"), "actual_amount": money("0.03")},
            {"amount": money("0.10"), "committed_date": TOMORROW},
            currency="EUR",
        ),
        {
            "bac": "0.19",
            "bac_reporting": "0.20",
            "ac_reporting": "0.10",
            "etc_reporting": "0.12",
            "eac_reporting": "0.22",
            "vac_reporting": "-0.02",
            "eac_constant": "0.21",
            "fx_variance": "-0.01",
        },
        {
            "undated": {"ac_reporting": "0.04"},
            "2026-10": {"ac_reporting": "0.06"},
            "2027-01": {"etc_reporting": "0.06"},
        },
    ),
    # September's average is a stale one; so is the krona's rate at the start.
    "a stale average": Case(
        one("stale", spent("100.00", SEP), currency="EUR"), {"ac_reporting": "112.00", "stale_rate": True}
    ),
    "a stale budget rate": Case(
        one("krona", currency="SEK", budget_total=money("10.00")), {"bac_reporting": "1.00", "stale_rate": True}
    ),
    # 5 kronor of no month, at today's rate: it is not stale, but the budget rate beside it is.
    "a stale rate at constant currency": Case(
        one("kronor", {"actual_amount": money("5.00")}, currency="SEK"),
        {"bac": None, "ac_reporting": "0.50", "eac_constant": "0.50", "stale_rate": True},
    ),
    # No day of start, so no budget rate: the other parts have rates, and still there are no figures.
    "no budget rate": Case(
        one("startless", spent("100.00", OCT), currency="EUR", start_date=None),
        {"ac": "100.00", "ac_reporting": None, "fx_variance": None, "unconverted_reason": "no_budget_rate"},
        {"2026-10": {"ac": "100.00", "ac_reporting": None, "etc_reporting": None}},
    ),
    # The pound has a rate of the start alone, so nothing of October.
    "no rate": Case(
        one("pounds", spent("100.00", OCT), currency="GBP", budget_total=money("10.00")),
        {"bac_reporting": None, "eac_reporting": None, "stale_rate": False, "unconverted_reason": "no_rate"},
    ),
    # And what needs no rate of today or of a month has one: nothing is spent or to come.
    "no rate needed": Case(
        one("unspent", currency="GBP", budget_total=money("10.00")),
        {"bac_reporting": "13.00", "eac_reporting": "0.00", "vac_reporting": "13.00", "unconverted_reason": None},
    ),
    "unknown currency": Case(
        one("nowhere", {"amount": money("5.00")}, currency=None, start_date=None),
        {"unit": "XXX", "etc": "5.00", "etc_reporting": None, "unconverted_reason": "unknown_currency"},
    ),
    # 10^12 yen at 100,000 dollars each are more than 90 quadrillion.
    "too large": Case(
        one("yen", {"amount": money("1000000000000.00"), "committed_date": NOV}, currency="JPY"),
        {"etc": "1000000000000.00", "etc_reporting": None, "unconverted_reason": "too_large"},
    ),
    # Lines of no project in crowns, of which there are rates: nobody has a start.
    "unassigned crowns": Case(
        Rows(
            [],
            [project("gone", currency="NOK", start_date=JAN, is_archived=True)],
            [line("gone-1", "gone", amount=money("5.00"))],
        ),
        {"bac": "5.00", "bac_reporting": None, "unconverted_reason": "no_budget_rate"},
        {"2026-12": {"etc": "5.00", "etc_reporting": None}},
        (UNASSIGNED, "NOK"),
    ),
}
