"""What is told of a column that cannot be read as it should: one sentence each, with what to do.

Belongs here: the sentences, and which words may stand on the left below ``values:``. Does not belong here: finding out
of which columns they are to be told (``mapping``).
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from finance_ppm.column_mapping import Entry, fold_word
from finance_ppm.contracts import NotionProperty
from finance_ppm.onboarding.mapping_likeness import ISO_4217
from finance_ppm.onboarding.mapping_match import TheirProperty, Unfit
from finance_ppm.onboarding.mapping_words import ANY_WORD, WORDS


def wrong_words(database: str, ours: str, entry: Entry) -> Iterator[str]:
    """Each word on the left that is none of ours. Where a column may hold any word, ours are to be written as we do."""
    words = WORDS.get((database, ours), {})
    is_currency = ours == "Currency"
    known = {fold_word(word): word for word in (ISO_4217 if is_currency else words)}
    for word in entry.values if words else ():
        ours_is = known.get(fold_word(word))
        if word == ours_is or (ours_is is None and (database, ours) in ANY_WORD and not is_currency):
            continue
        meant = ours_is or ("an ISO 4217 code, such as EUR" if is_currency else either(list(words)))
        yield f"{word!r} is no word of ours: on the left below `values:` write {meant}."


def no_such(name: str, by_name: Mapping[str, TheirProperty]) -> str:
    """Of a name in the file that no property bears."""
    folded = {fold_word(theirs): theirs for theirs in by_name}
    near = [repr(folded[close]) for close in get_close_matches(fold_word(name), sorted(folded), n=3, cutoff=0.5)]
    perhaps = f", perhaps {either(near)}" if near else ""
    return f"The database has no property {name!r}: write the name as it is in Notion{perhaps}."


def unfit(name: str, kind: str, wanted: NotionProperty, free: Sequence[TheirProperty]) -> str:
    """Of a property of a type that cannot be read as ``wanted``; ``free`` are those that might be meant."""
    return (
        f"{name!r} is of type {kind}, where {either(wanted.types)} is needed: change its type in Notion, or write the "
        f"name of another property into the file{fitting(wanted, free)}."
    )


def superseded(bad: Unfit, instead: str) -> str:
    """Of a property that bears the name and does not fit, where ``instead`` is proposed."""
    return (
        f"{bad.theirs!r} is of type {bad.type}, where {either(bad.fitting)} is needed: {instead!r} is proposed in its "
        f"place; if that is not meant, change the type of {bad.theirs!r} in Notion."
    )


def absent(wanted: NotionProperty, free: Sequence[TheirProperty]) -> str:
    """Of a property that the file does not name, where none bears our name."""
    return (
        f"The database has no property {wanted.name!r}: write the name of yours into the file, as `finance-ppm notion "
        f"map` proposes it{fitting(wanted, free)}, or add one of type {either(wanted.types)} in Notion."
    )


def not_found(wanted: NotionProperty, free: Sequence[TheirProperty]) -> str:
    """Of a column for which no property could be proposed."""
    if not wanted.required:
        return f"Nothing was found; the column is optional and stays empty{fitting(wanted, free)}."
    return (
        f"Nothing was found: write the name of your property into the file{fitting(wanted, free)}, or add one of type "
        f"{either(wanted.types)} in Notion."
    )


def fitting(wanted: NotionProperty, free: Sequence[TheirProperty]) -> str:
    """Unread properties that could be read as the column, at most five."""
    names = [repr(prop.name) for prop in free if prop.type in wanted.types]
    return f" (by its type it may be {either(names[:5])})" if names else ""


def either(names: Sequence[str]) -> str:
    """``A, B or C``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
