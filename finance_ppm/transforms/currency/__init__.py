"""Amounts in the reporting currency: which rate applies (``rates``), and what it makes of an amount (``conversion``).

What does not belong here: reading rates (``sources.fx``), nor which amounts are converted (``budget_vs_actual``,
``forecast``).
"""
