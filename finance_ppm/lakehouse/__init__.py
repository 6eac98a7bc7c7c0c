"""The lakehouse: Delta tables by contract, at ``{uri}/{layer}/{table}``.

Belongs here: reading, appending, merging and replacing tables, whatever they hold. Does not belong here: what
the tables mean (``contracts``) or how their rows are computed (``transforms``).
"""

from finance_ppm.lakehouse.errors import (
    ContractViolationError,
    LakeBusyError,
    LakeUriError,
    OutsidePartitionError,
    TableMismatchError,
    WriteConflictError,
)
from finance_ppm.lakehouse.lake import Lake, Upsert, Written
from finance_ppm.lakehouse.locks import writer_lock

__all__ = [
    "ContractViolationError",
    "Lake",
    "LakeBusyError",
    "LakeUriError",
    "OutsidePartitionError",
    "TableMismatchError",
    "Upsert",
    "WriteConflictError",
    "Written",
    "writer_lock",
]
