"""Every month of a project: what is planned, spent and to come in it, put side by side.

Belongs here: putting together. Does not belong here: what falls to which month (``placing``, ``reporting.parts_of``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.placing import ETC, PV
from finance_ppm.transforms.forecast.reporting import AC, BAC, OC
from finance_ppm.transforms.forecast.states import KEY, NOTHING
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

_MONEY = (PV, ETC, AC, "ac_reporting", "ac_constant", "oc_reporting", "bac_of_parts", "bac_reporting")
_SIGNS = ("spent", "lacks", "stale", "bac_lacks", "bac_stale")
_NONE = nw.lit(0, nw.Int64)


def months_of(plans: Frame, invoices: Frame, parts: Frame) -> Frame:
    """By project and month the sums of ``plans`` and ``invoices`` (of ``placing``) and of ``parts``.

    ``spent`` says (by 1) that there was an actual. What ``bac`` lacks is told apart: it counts only where there is one.
    """
    kind = nw.col("kind")
    is_bac = kind == BAC
    sides = parts.select(
        KEY,
        "month",
        *(
            nw.when(kind == of).then(nw.col(what)).otherwise(NOTHING).alias(name)
            for name, of, what in (
                (AC, AC, "value"),
                ("ac_reporting", AC, "reporting"),
                ("ac_constant", AC, "constant"),
                ("oc_reporting", OC, "reporting"),
                ("bac_of_parts", BAC, "value"),
                ("bac_reporting", BAC, "reporting"),
            )
        ),
        spent=(kind == AC).cast(nw.Int64),
        lacks=nw.when(~is_bac).then(nw.col("lacks")).otherwise(_NONE),
        stale=nw.when(~is_bac).then(nw.col("stale")).otherwise(_NONE),
        bac_lacks=nw.when(is_bac).then(nw.col("lacks")).otherwise(_NONE),
        bac_stale=nw.when(is_bac).then(nw.col("stale")).otherwise(_NONE),
    )
    rows = [_padded(plans, PV, ETC), _padded(invoices, ETC), _padded(sides, *_MONEY[2:], *_SIGNS)]
    return nw.concat(rows).group_by(KEY, "month").agg(nw.col(*_MONEY).sum().cast(MONEY), nw.col(*_SIGNS).max())


def _padded(rows: Frame, *told: str) -> Frame:
    """``rows`` with every column, of which they tell some."""
    nothing = dict.fromkeys(_MONEY, NOTHING) | dict.fromkeys(_SIGNS, _NONE)
    return rows.select(
        KEY, "month", *(nw.col(name) if name in told else none.alias(name) for name, none in nothing.items())
    )
