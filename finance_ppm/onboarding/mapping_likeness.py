"""Whether two names are the same but for how they are written, and what a team's word means.

Belongs here: comparing one name with another, and with the vocabulary (``mapping_words``). Does not belong here: what
follows from a likeness (``mapping_match``).
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from finance_ppm import currencies
from finance_ppm.onboarding.mapping_words import NAMES, NOUNS, WEAK, WORDS

_ARTICLES = frozenset(
    {
        "a", "an", "the", "of", "for", "de", "du", "des", "d", "la", "le", "les", "l", "el", "los", "las", "del", "di",
        "della", "dello", "delle", "dell", "il", "lo", "da", "do", "dos", "das", "der", "die", "den", "dem", "het",
        "van",
    }
)  # fmt: skip
"""Small words that come and go within a name: ``Date de début``, ``Date début``."""

ISO_4217 = frozenset(currencies.ISO_4217)

_SCALES = re.compile(
    r"\b[ktm]\s?[€$£]|[€$£]\s?[ktm]\b|\b[ktm]\s?(?:eur|usd|chf|gbp)\b"
    r"|\b(?:tsd|mio|mln|thousands?|millions?|tausend|millionen|milliers|miles|millones|migliaia|milioni|duizend|milhares"
    r"|milhões)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """``name`` without what does not matter: ``Date d'échéance`` and ``DATE ECHEANCE`` become ``dateecheance``."""
    return _joined(_tokens(name))


def core_of(name: str) -> str:
    """``name`` made plain, without what is in brackets: ``Betrag (EUR)`` becomes ``betrag``."""
    return plain(re.sub(r"\(.*?\)|\[.*?\]", " ", name))


def parts_of(name: str) -> tuple[str, ...]:
    """The names, made plain, of which ``name`` gives several: ``Début / Beginn``."""
    parts = tuple(filter(None, map(core_of, re.split(r"[/|]", name))))
    return parts if len(parts) > 1 else ()


def without_noun(database: str, name: str) -> frozenset[str]:
    """What may remain of a name that begins or ends with what a page of the database is called, made plain.

    ``Projektstatus`` becomes ``status``.
    """
    core = core_of(name)
    nouns = _listed(NOUNS[database])
    shorter = {core.removeprefix(noun) for noun in nouns} | {core.removesuffix(noun) for noun in nouns}
    return frozenset(shorter - {core, ""})


def without_words(name: str) -> frozenset[str]:
    """What remains of a name of several words without its first ones or its last ones: ``Montant HT``, ``Montant``."""
    tokens = _tokens(name)
    ends = (part for at in range(1, len(tokens)) for part in (tokens[:at], tokens[at:]))
    return frozenset(map(_joined, ends))


def is_scaled(name: str) -> bool:
    """Whether a name says that its numbers are thousands or millions: ``Budget (k€)``."""
    return _SCALES.search(name) is not None


def likeness(one: str, other: str) -> float:
    """How much two names are written alike, from 0 to 1. ``Start Date`` and ``Status Date`` are so by 0.84."""
    return SequenceMatcher(None, core_of(one), core_of(other), autojunk=False).ratio()


@lru_cache
def names_of(ours: str) -> frozenset[str]:
    """What else our property is called, made plain."""
    return _listed(NAMES.get(ours, ""))


@lru_cache
def weak_names_of(ours: str) -> frozenset[str]:
    """What may mean our property, made plain."""
    return _listed(WEAK.get(ours, ""))


def meaning(database: str, ours: str, option: str) -> str | None:
    """Our word for a team's ``option`` of a column that goes by words of ours; None where it is not known."""
    words = WORDS.get((database, ours), {})
    if option in words:
        return option
    if ours == "Currency":
        codes = ISO_4217.intersection({option.strip().upper(), *re.findall(r"\b[A-Z]{3}\b", option)})
        if len(codes) == 1:
            return next(iter(codes))
    return _meanings(database, ours).get(_word(option))


@lru_cache
def _meanings(database: str, ours: str) -> dict[str, str]:
    words = WORDS.get((database, ours), {})
    return {name: word for word, others in words.items() for name in (_word(word), *map(_word, _split(others)))}


def _word(option: str) -> str:
    """An option without numbers and pictures before it; a mere symbol stays."""
    return plain("".join(letter for letter in option if not letter.isdecimal())) or option.strip()


def _listed(names: str) -> frozenset[str]:
    return frozenset(map(plain, _split(names)))


def _split(names: str) -> list[str]:
    return [name.strip() for name in re.split(r"[,;]", names) if name.strip()]


def _joined(tokens: Sequence[str]) -> str:
    return "".join(token for token in tokens[:-1] if token not in _ARTICLES) + "".join(tokens[-1:])


def _tokens(name: str) -> list[str]:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    for spelt, meant in (("ae", "a"), ("oe", "o"), ("ue", "u")):  # German umlauts, where the keyboard had none
        bare = bare.replace(spelt, meant)
    return re.findall(r"[^\W_]+", bare)
