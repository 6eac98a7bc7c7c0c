"""Conditions that nothing meets: found as by trying everything there is, and no other."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.quality.own_conditions import COMPARISONS, Condition
from finance_ppm.quality.own_contradictions import clash

WORDS = ("amber", "green", "grey", "red")
COMPARED = sorted(COMPARISONS)


def met(value: Any, name: str, asked: Any) -> bool:
    if name in COMPARISONS:
        return bool(COMPARISONS[name](value, asked))
    return (value in asked) is (name == "one_of")


def is_fewest(asked: dict[str, Any], names: tuple[str, ...], every: list[Any]) -> bool:
    """Whether none of ``every`` meets what is named, and some meets it where any of it is left out; or meets all."""
    if not names:
        return any(all(met(value, *each) for each in asked.items()) for value in every)
    told = {name: asked[name] for name in names}
    without = [[each for each in told.items() if each[0] != name] for name in names]
    return not any(all(met(value, *each) for each in told.items()) for value in every) and all(
        any(all(met(value, *each) for each in rest) for value in every) for rest in without
    )


numbers = st.dictionaries(st.sampled_from(COMPARED), st.integers(0, 4), min_size=1)


@settings(deadline=None, max_examples=200)
@given(asked=numbers)
def test_of_whole_numbers(asked: dict[str, int]) -> None:
    assert is_fewest(asked, clash(Condition(**asked), is_whole=True), list(range(-3, 9)))


@settings(deadline=None, max_examples=200)
@given(asked=numbers)
def test_of_numbers_between_which_there_are_others(asked: dict[str, int]) -> None:
    every = [Decimal(tenth) / 10 for tenth in range(-30, 90)]
    assert is_fewest(asked, clash(Condition(**asked), is_whole=False), every)


@settings(deadline=None, max_examples=200)
@given(
    asked=st.one_of(
        st.dictionaries(st.sampled_from(COMPARED), st.sampled_from(WORDS), min_size=1),
        st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("one_of", "none_of"), st.lists(st.sampled_from(WORDS), min_size=1).map(tuple)),
                **dict.fromkeys(("equals", "differs_from", "at_most"), st.sampled_from(WORDS)),
            },
        ).filter(bool),
    ),
    is_of_few=st.booleans(),
)
def test_of_words(asked: dict[str, Any], *, is_of_few: bool) -> None:
    every = [*WORDS] if is_of_few else ["", *(f"{word}{end}" for word in WORDS for end in ("", "!"))]
    assert is_fewest(asked, clash(Condition(**asked), is_whole=True, words=WORDS if is_of_few else None), every)
