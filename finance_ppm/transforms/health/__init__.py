"""Gold ``ppm_project_health``: how each project stands, in points, a colour and words.

``facts`` gathers what a project is judged by, ``scores`` makes points of it, ``conditions`` colours and sentences, and
``gold`` the table; ``thresholds`` are the numbers all of them go by. How the definitions are read:
docs/decisions/project-health.md. What does not belong here: what a project will cost (``forecast``), and what is wrong
with its data (``quality``).
"""

from finance_ppm.transforms.health.gold import project_health
from finance_ppm.transforms.health.thresholds import HealthThresholds

__all__ = ["HealthThresholds", "project_health"]
