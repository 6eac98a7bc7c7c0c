"""Errors a user may meet: each message is one sentence that says what, where, and what to do.

Belongs here: what every room may raise. An error of one outside system lives beside its client.
"""


class FinancePpmError(Exception):
    """Base of every error whose message is meant for the user."""


class SettingsError(FinancePpmError):
    """A setting is missing or wrong."""


class NeverCapturedError(FinancePpmError):
    """A day was asked for that lies before the first capture, or on which nothing was captured."""
