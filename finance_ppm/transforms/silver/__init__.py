"""Silver typing: the newest version of each page, decoded into the columns of its contract.

Belongs here: what a silver row is, and which pages are refused. Does not belong here: Notion's property types
(``sources.notion.properties``), rules over typed rows (``quality``), reading or writing tables.
"""

from finance_ppm.transforms.silver.cell_rules import CELL_RULES, CellRule
from finance_ppm.transforms.silver.earlier import with_earlier
from finance_ppm.transforms.silver.pages import arrow_schema, decode_pages
from finance_ppm.transforms.silver.property_map import PropertyMap
from finance_ppm.transforms.silver.rows import Silver, type_pages
from finance_ppm.transforms.silver.versions import newest_versions

__all__ = [
    "CELL_RULES",
    "CellRule",
    "PropertyMap",
    "Silver",
    "arrow_schema",
    "decode_pages",
    "newest_versions",
    "type_pages",
    "with_earlier",
]
