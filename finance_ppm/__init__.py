"""Finance PPM: a project portfolio from Notion to numbers a finance team can trust.

The names below are the programmatic interface; they are loaded on first use so that importing the
package stays fast.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finance_ppm.pipeline.engine import SyncEngine, SyncSummary
    from finance_ppm.settings import Config

__all__ = ["Config", "SyncEngine", "SyncSummary"]

_HOMES = {
    "Config": "finance_ppm.settings",
    "SyncEngine": "finance_ppm.pipeline.engine",
    "SyncSummary": "finance_ppm.pipeline.engine",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'finance_ppm' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
