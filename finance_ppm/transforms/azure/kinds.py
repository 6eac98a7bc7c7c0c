"""What kind of recommendation a row is, as far as savings go.

Belongs here: Advisor's own identifiers of its kinds, and what tells them apart where an identifier is not known.

Sources: the ids and names in https://github.com/microsoft/finops-toolkit/blob/main/src/open-data/RecommendationTypes.csv
and in the query by which Microsoft counts cost recommendations, as it was in April 2026
(https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph), which has more of them; the values of
``recommendationType``, in https://github.com/cloud-carbon-footprint/cloud-carbon-footprint (packages/azure).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

MACHINES = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"
"""Right-size or shutdown underutilized virtual machines."""
SCALE_SETS = "94aea435-ef39-493f-a547-8408092c22a7"
"""Right-size or shutdown underutilized virtual machine scale sets."""
MACHINE_RESERVATION = "84b1a508-fc21-49da-979e-96894f1665df"
"""Consider virtual machine reserved instance to save over your on-demand costs."""
SAVINGS_PLAN = "89515250-1243-43d1-b4e7-f9437cedffd8"
"""Purchasing a savings plan for compute could unlock lower prices."""

RESERVATIONS = frozenset(
    {
        MACHINE_RESERVATION,
        "0169a2e1-c7bf-4c37-90b8-0714811c82d3",  # Blob storage
        "06ad499a-0952-48d3-b061-ec81c9cabb8b",  # Database for PostgreSQL
        "0d524e8d-4cfd-4db5-9f91-8b4bb5235a8e",  # Data Factory
        "0eb54047-acd9-4f26-8ffb-8cec713782d6",  # Managed Disk
        "10aedd06-621e-4b4f-a45c-5256573e0191",  # Azure VMware Solution
        "148cdd60-97e8-426b-a7b9-141b7cb4bc2f",  # Red Hat OpenShift
        "171f87ad-4ead-42fc-8f32-a3b18d451837",  # Database for MariaDB
        "1b8c5187-32a6-4a2f-8ca1-b0b7d6ce9e86",  # Data Explorer
        "32755df6-aa2f-48d7-9ab7-92b8a80352ea",  # NetApp Storage
        "3327646a-c325-417f-a3e3-36ae7119da69",  # Red Hat
        "3f6c5689-6a05-4896-a6e0-c6f8a22a44c2",  # Dedicated Host
        "407b6ad6-8e0b-40e7-9384-643520cae0ed",  # Azure Files
        "5b8ddf04-be28-44ec-ab2c-a63a34d1de13",  # App Service
        "680a5388-28aa-44e8-88af-32e3598dc869",  # Synapse Analytics
        "6dcd6657-7a07-404a-b462-db76946f6a97",  # SAP HANA
        "7ac18a52-fb6c-4931-8d9d-ef5efff6acf0",  # of Microsoft's query alone
        "885cd4f5-dfa0-4d68-bbfd-00f89fc2b69c",  # SQL PaaS
        "8ee30d6b-2c73-452a-b4ad-e4386cd6f7d0",  # Cache for Redis
        "9ed827e8-2a1c-45f3-93f0-df6962034a33",  # of Microsoft's query alone
        "a205074f-8049-48b3-903f-556f5e530ae3",  # Cosmos DB
        "a8fd63ce-4600-43eb-af33-a6d5481f5930",  # Database for MySQL
        "dadc1876-61e3-42fc-a70e-e863bbc460b6",  # OpenAI Service, provisioned throughput
        "db621e98-4a20-4942-b174-c455dc71dbae",  # SUSE Linux
        "f0382960-6906-4b0d-add3-ed12690bff31",  # VMware Cloud Simple
    }
)

SHUTDOWN = "shutdown"
"""Said by ``recommendationType``, or in the place of a target size."""


class Kind(StrEnum):
    """Kinds that exclude each other, or add up, in ways of their own; all that do neither are ``OTHER``."""

    RIGHT_SIZE = "right_size"
    SHUTDOWN = "shutdown"
    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings_plan"
    OTHER = "other"

    @property
    def is_commitment(self) -> bool:
        """Whether it asks for a term."""
        return self in {Kind.RESERVATION, Kind.SAVINGS_PLAN}


def kind_of(type_id: str | None, extended: Mapping[str, Any], title: str) -> Kind:
    """The kind of a recommendation of type ``type_id`` with these ``extendedProperties``, keys lower-cased.

    What is of no known type but asks for a term is a commitment all the same: a savings plan where its ``title`` calls
    it so, else a reservation.
    """
    if type_id in {MACHINES, SCALE_SETS}:
        said = {_word(extended.get("recommendationtype")), _word(extended.get("targetsku"))}
        return Kind.SHUTDOWN if SHUTDOWN in said else Kind.RIGHT_SIZE
    if type_id == SAVINGS_PLAN:
        return Kind.SAVINGS_PLAN
    if type_id in RESERVATIONS or _word(extended.get("reservedresourcetype")):
        return Kind.RESERVATION
    if _word(extended.get("term")):
        return Kind.SAVINGS_PLAN if "savings plan" in title.lower() else Kind.RESERVATION
    return Kind.OTHER


def _word(value: object) -> str:
    """A text without case and blanks around it; empty where there is none."""
    return value.strip().lower() if isinstance(value, str) else ""
