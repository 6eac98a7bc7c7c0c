"""The Azure of the finance team whose portfolio ``sandbox.portfolio`` tells: what stands there, and what Advisor says.

``estate`` tells the demo's story; ``bulk_estate`` is as large as asked, for measuring. Belongs here: what happens in an
Azure. Does not belong here: how Azure answers (``sandbox.azure``).
"""

from finance_ppm.sandbox.estate.bulk import bulk_estate
from finance_ppm.sandbox.estate.story import estate

__all__ = ["bulk_estate", "estate"]
