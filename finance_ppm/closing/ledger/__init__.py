"""The ledger's side of the books, read from a CSV file and laid beside our actuals.

``notation`` reads numbers and dates as people write them, ``file`` the CSV, ``places`` tells whose project an entry is
of, ``matching`` pairs what belongs together, ``reconciliation`` says what is on both sides and what on one alone, and
``export`` writes it down.
"""
