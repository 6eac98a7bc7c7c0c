"""The European Central Bank's XML: a ``Cube`` for each day, in it one for each rate.

Belongs here: ``eurofxref-daily.xml``, ``eurofxref-hist-90d.xml`` and ``eurofxref-hist.xml``, which differ in how many
days they hold. https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml
"""

from xml.parsers import expat

from finance_ppm.sources.fx.errors import damaged, not_rates
from finance_ppm.sources.fx.rows import Gathering, Parsed, UnsoundError, currency_of, day_of, rate_of

_CUBE = "Cube"
_NAMESPACE_ENDS = "}"


def parse_ecb_xml(content: bytes, *, about: str) -> Parsed:
    """The rates of the document, whatever days it holds. Read as a stream; no entity is ever expanded.

    Raises :class:`~finance_ppm.sources.fx.errors.FxError` where it breaks off, or is another document.
    """
    parser = expat.ParserCreate(namespace_separator=_NAMESPACE_ENDS)
    reading = _Reading(parser, about)
    parser.StartElementHandler = reading.start
    parser.StartDoctypeDeclHandler = reading.document_type
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of encodings
        raise damaged(str(error), about=about) from None
    if not reading.cubes:
        raise not_rates("an XML document without a Cube", about=about)
    return reading.gathering.parsed()


class _Reading:
    """The course of one document."""

    def __init__(self, parser: expat.XMLParserType, about: str) -> None:
        self.cubes = 0
        self.gathering = Gathering()
        self._parser = parser
        self._about = about
        self._day: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name.rpartition(_NAMESPACE_ENDS)[2] != _CUBE:
            return
        self.cubes += 1
        self._day = attributes.get("time", self._day)
        if "currency" not in attributes:
            return
        told = attributes["currency"].strip()
        try:
            currency, day = currency_of(told), day_of((self._day or "").strip())
            self.gathering.add(currency, day, rate_of(attributes.get("rate", "").strip()))
        except UnsoundError as error:
            where = f"line {self._parser.CurrentLineNumber}, {told[:10]}"
            self.gathering.refuse(where, str(error))

    def document_type(self, *_: object) -> None:
        """A document type may define entities that grow without end; the files have none."""
        raise not_rates("an XML document with a DOCTYPE", about=self._about)
