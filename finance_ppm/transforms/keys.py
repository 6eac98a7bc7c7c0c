"""Keys made of several names, read in one way only.

Belongs here: how names are written into a key. Which names make one is its table's.
"""

import narwhals.stable.v2 as nw


def escaped(name: nw.Expr) -> nw.Expr:
    """``name`` without a bar, so that names joined by bars have one reading."""
    return name.str.replace_all("%", "%25", literal=True).str.replace_all("|", "%7C", literal=True)
