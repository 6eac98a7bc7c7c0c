"""A second opinion on the money: the definitions of docs/decisions/money.md, computed again in plain Python.

Belongs here: dataclasses, decimals and fractions that follow the page sentence by sentence, one share at a time, and
random books to try them on. Does not belong here: anything of ``finance_ppm`` but the contracts' names, nor any speed.
"""
