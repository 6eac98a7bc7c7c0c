"""What can be wrong with a write to the lake. Each message says which table, what, and what to do."""

from collections.abc import Mapping

from finance_ppm.errors import FinancePpmError, SettingsError


class LakeUriError(SettingsError):
    """The lake's address is of a kind that cannot be opened."""


class ContractViolationError(FinancePpmError):
    """Rows do not keep their table's contract; nothing was written.

    ``breaches`` is the number of rows by broken rule; ``example`` is the key of one such row, by column.
    """

    def __init__(self, table: str, breaches: Mapping[str, int], example: Mapping[str, object]) -> None:
        self.table = table
        self.breaches = dict(breaches)
        self.example = dict(example)
        rules = ", ".join(f"`{rule}` ({count} {'row' if count == 1 else 'rows'})" for rule, count in breaches.items())
        key = " and ".join(f"{name} = {value!r}" for name, value in example.items())
        where = f", for example where {key}" if key else ""
        super().__init__(
            f"{table}: rows break the contract's {rules}{where}; nothing was written: "
            "correct what computes the rows, or the contract."
        )


class OutsidePartitionError(FinancePpmError):
    """Rows lie outside the partition that was to be replaced; nothing was written."""


class TableMismatchError(FinancePpmError):
    """A stored table was written under another contract and cannot be carried over."""


class WriteConflictError(FinancePpmError):
    """Other writers kept coming first; nothing of this write was stored."""


class LakeBusyError(FinancePpmError):
    """Another process holds the writer lock for too long."""
