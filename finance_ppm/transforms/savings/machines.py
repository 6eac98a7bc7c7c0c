"""The virtual machines of the inventory: what commitments would cover, and what is right-sized or shut down.

Belongs here: which machines there are, and where. Does not belong here: what they save.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame

MACHINE_TYPE = "microsoft.compute/virtualmachines"

_MACHINE = rf"/providers/{MACHINE_TYPE}/[^/]+$"


def is_machine() -> nw.Expr:
    """Whether ``resource_id`` is a virtual machine's, by what it says."""
    return nw.col("resource_id").str.contains(_MACHINE).fill_null(False)


def machines(resources: Frame) -> Frame:
    """``resource_id``, ``subscription_id``, ``sku`` (the size) and ``location`` of every virtual machine.

    ``resources`` has the columns of the contract ``AzureResources``. Scale sets are none: which of their
    instances run is not in the inventory.
    """
    return resources.filter(nw.col("resource_type") == MACHINE_TYPE).select(
        "resource_id", "subscription_id", "sku", "location"
    )
