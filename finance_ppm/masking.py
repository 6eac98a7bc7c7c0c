"""What must not be read in a log is made unreadable: secrets, and who an e-mail address belongs to.

Belongs here: finding it in a text. Where it is applied is the business of ``logs``. Tables and findings may name an
owner, so their e-mail addresses stay whole; only logs are masked.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"

_TOKEN = re.compile(r"ntn_\w+|secret_(?:(?=[A-Za-z]*\d)[A-Za-z0-9]{8,}|[A-Za-z0-9]{24,})")
"""A Notion token, new style or old. ``secret_name`` is none: an old token is one long run of letters and digits."""

_BEARER = re.compile(r"(?i)(\bbearer(?:\s|%20)+)[^\s'\",;)}\]]+")

_URL_LOGIN = re.compile(
    # A password, up to the last @ that may end it, as it may hold signs of every kind; ":8080/path" is a port and no
    # password. In http also a login without one, where a token may stand alone; elsewhere that is no secret, as in
    # abfss://container@account.
    r"(://)[^\s/:@?#'\"]{0,256}:(?!\d{1,5}(?:[/?#\s'\"]|$))[^\s'\"]{1,256}@"
    r"|((?<=http)://|(?<=https)://)[^\s/@'\"]{1,256}@"
)

_NAMED = re.compile(
    # A name that says secret, then "=", or ":" behind a quoted name or a header's; and what follows. Covers signed
    # links (sig=, X-Amz-Signature=, X-Amz-Credential=), connection strings (AccountKey=) and JSON ("password": ...).
    r"(?i)((?:authorization['\"]?\s?[:=]\s?(?:b?['\"])?(?:basic\s)?"
    r"|(?:passw(?:or)?d|pwd|secret|token|signature|credential|(?:api|access|account|private|secret)[_-]?key"
    r"|\bsig|(?<=[?&])key)"
    r"(?:=|%3D|['\"]\s?:\s?)(?:b?['\"])?))(?!None\b|null\b|SecretStr\(|Bearer\b)[^\s'\"&;,)}\]]+"
)

_PERSON = re.compile(
    # From the start of a run of the signs an address may hold, so that time stays linear in the text's length. What
    # looks alike and stays: name@v1.2 and name@1.2.3 (a version), root@localhost (no domain), abfss://container@...
    r"(?<!://)(?<![\w.+%-])([\w.+%-])[\w.+%-]*(@|%40)"
    r"(?!v?\d+\.\d)((?:[\w-]{1,63}\.){1,8}(?:[^\W\d_]{2,24}|xn--[\w-]{2,59})(?!\w))"
)

_RULES = (
    (("ntn_", "secret_"), _TOKEN, MASK),
    (("earer", "EARER"), _BEARER, rf"\g<1>{MASK}"),
    (("://",), _URL_LOGIN, rf"\g<1>\g<2>{MASK}@"),
    (("=", "%3D", "':", '":', "uthorization:"), _NAMED, rf"\g<1>{MASK}"),
    (("@", "%40"), _PERSON, r"\g<1>…\g<2>\g<3>"),
)
"""Signs without which a rule cannot match, looked for first because that is nearly free; the rule; what is left."""


class Masker:
    """Masks the given secrets, what looks like one, and the person in an e-mail address: ``a…@example.com``.

    A known secret is masked wherever it occurs, also percent-encoded, in base64 and escaped as in a ``repr`` or in
    JSON. Masking twice changes nothing more.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if secret for form in _written(secret)}
        # The longest first: a form may lie within another.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def __call__(self, text: str) -> str:
        """``text`` without what must not be read in it."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for signs, pattern, left in _RULES:
            if any(sign in text for sign in signs):
                text = pattern.sub(left, text)
        return text


def _written(secret: str) -> Iterator[str]:
    """The ways in which a secret gets into a text."""
    data = secret.encode(errors="surrogatepass")
    yield secret
    yield quote(data, safe="")
    yield quote(data)
    yield quote_plus(data)
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield b64encode(data).decode().rstrip("=")
    yield urlsafe_b64encode(data).decode().rstrip("=")
