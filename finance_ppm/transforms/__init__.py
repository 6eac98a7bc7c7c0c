"""Pure functions, lazy frames in, lazy frame out: silver typing and gold logic, written once in Narwhals.

Belongs here: what a table's rows are. Does not belong here: reading or writing, clocks (the as-of date is an
argument), Dagster.
"""
