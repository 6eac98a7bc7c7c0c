"""A CSV of one's own, and how rates against another base become rates against the euro."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm_tests.sources.fx.test_files import parsed, rates, reasons

DAY = "2026-11-20"


def test_without_a_base_a_rate_is_what_one_euro_costs() -> None:
    text = f"date,currency,rate\n{DAY},USD,1.0877\n{DAY},PHP,\n{DAY},usd,1.0877\n"
    assert rates(text) == {("USD", DAY): "1.0877", ("PHP", DAY): None}
    assert reasons(text) == []


def test_columns_stand_in_any_order_and_others_are_passed_over() -> None:
    text = f"Rate,Note, Currency ,DATE\n1.0877,from the bank,USD,{DAY}\n"
    assert rates(text) == {("USD", DAY): "1.0877"}


def test_an_empty_base_is_the_euro() -> None:
    text = f"date,currency,rate,base\n{DAY},USD,1.25,\n{DAY},PHP,60,EUR\n{DAY},EUR,1,EUR\n"
    assert rates(text) == {("USD", DAY): "1.25", ("PHP", DAY): "60"}
    assert reasons(text) == []


def test_rates_against_the_dollar_are_crossed_by_the_price_of_a_dollar_in_euros() -> None:
    """One dollar costs 0.80 euros, so a euro costs 1 / 0.80 = 1.25 dollars, and at 56 pesos each 56 x 1.25 = 70."""
    text = f"date,currency,rate,base\n{DAY},PHP,56.00,USD\n{DAY},EUR,0.80,USD\n{DAY},USD,1,USD\n"
    assert {quote.currency: quote.rate for quote in parsed(text).quotes} == {"USD": Decimal("1.25"), "PHP": Decimal(70)}
    assert reasons(text) == []


def test_rates_against_the_dollar_are_crossed_by_the_price_of_a_euro_in_dollars() -> None:
    """The same day told the other way round: 1.25 dollars a euro."""
    text = f"date,currency,rate,base\n{DAY},PHP,56.00,USD\n{DAY},USD,1.25,EUR\n"
    assert {quote.currency: quote.rate for quote in parsed(text).quotes} == {"USD": Decimal("1.25"), "PHP": Decimal(70)}


def test_a_crossed_rate_is_rounded_once_it_is_computed() -> None:
    """1 / 0.92 = 1.08695652173913...; 56 / 0.92 = 60.8695652173913..., of which twelve digits behind the point stay."""
    text = f"date,currency,rate,base\n{DAY},EUR,0.92,USD\n{DAY},PHP,56.00,USD\n"
    found = {quote.currency: quote.rate for quote in parsed(text).quotes}
    assert found["USD"] == Decimal("1.086956521739")
    assert found["PHP"] == Decimal("60.869565217384"), "1.086956521739 x 56"


def test_another_day_does_not_tell_what_a_base_is() -> None:
    text = f"date,currency,rate,base\n2026-11-19,EUR,0.80,USD\n{DAY},PHP,56.00,USD\n{DAY},GBP,0.9,EUR\n"
    assert set(rates(text)) == {("USD", "2026-11-19"), ("GBP", DAY)}
    assert reasons(text) == [f"line 3: no line of {DAY} tells what USD is against the euro"]


def test_a_base_that_two_lines_contradict_crosses_nothing() -> None:
    text = f"date,currency,rate,base\n{DAY},USD,1.25,\n{DAY},USD,1.50,\n{DAY},PHP,56,USD\n{DAY},GBP,0.9,\n"
    assert set(rates(text)) == {("GBP", DAY)}
    assert len(reasons(text)) == 2


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
def test_a_rate_against_the_euro_comes_before_an_inverted_and_that_before_a_crossed_one(turned: bool) -> None:
    """A table of every currency against every other: what differs in its last digits contradicts nothing."""
    lines = [
        f"{DAY},PHP,70,EUR",
        f"{DAY},EUR,0.0143,PHP",
        f"{DAY},PHP,56.01,USD",
        f"{DAY},EUR,0.80,USD",
        f"{DAY},USD,0.0178,PHP",
        f"{DAY},JPY,128,USD",
    ]
    text = "\n".join(["date,currency,rate,base", *(reversed(lines) if turned else lines)])
    found = {quote.currency: quote.rate for quote in parsed(text).quotes}
    assert found == {"PHP": Decimal(70), "USD": Decimal("1.25"), "JPY": Decimal(160)}
    assert reasons(text) == []


BAD = {
    f"{DAY},USD,0": "line 2: the rate '0' is not above zero",
    f"{DAY},USD,-1,": "line 2: the rate '-1' is not above zero",
    f"{DAY},USD,one": "line 2: 'one' is no number with a decimal point",
    f"{DAY},USD": "line 2: it has 2 cells, and the header 3",
    f"{DAY},U$D,1.1": "line 2: 'U$D' is no code of a currency, which has three letters",
    f"{DAY},,1.1": "line 2: '' is no code of a currency, which has three letters",
    "yesterday,USD,1.1": "line 2: 'yesterday' is no date such as 2026-11-20",
    "2026-1-2,USD,1.1": "line 2: '2026-1-2' is no date such as 2026-11-20",
    f"{DAY},EUR,1.1": "line 2: it tells another rate of the euro to itself than 1",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items(), ids=BAD.keys())
def test_a_bad_line_is_refused_and_the_others_are_read(line: str, reason: str) -> None:
    text = f"date,currency,rate\n{line}\n\n{DAY},GBP,0.86\n"
    assert rates(text) == {("GBP", DAY): "0.86"}
    assert reasons(text) == [reason]


prices = st.decimals(Decimal("0.0001"), Decimal(10_000), places=4)


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(st.sampled_from(["USD", "JPY", "GBP", "PHP", "IDR"]), prices, min_size=2), st.data())
def test_whatever_the_base_the_rates_against_the_euro_are_the_same(
    against_euro: dict[str, Decimal], data: st.DataObject
) -> None:
    """The same rates told against any of the currencies, with twenty digits, come back to eleven significant ones."""
    base = data.draw(st.sampled_from(sorted(against_euro)))
    lines = [f"{DAY},EUR,{1 / against_euro[base]:.30f},{base}"]
    lines += [
        f"{DAY},{currency},{rate / against_euro[base]:.30f},{base}"
        for currency, rate in against_euro.items()
        if currency != base
    ]
    lines = data.draw(st.permutations(lines))
    read = parsed("\n".join(["date,currency,rate,base", *lines]))
    assert read.refused == ()
    found = {quote.currency: quote.rate for quote in read.quotes}
    assert found.keys() == against_euro.keys()
    for currency, rate in against_euro.items():
        told = found[currency]
        assert told is not None
        assert abs(told - rate) <= rate * Decimal("1e-8") + Decimal("1e-12")
    assert read.newest == date(2026, 11, 20)
