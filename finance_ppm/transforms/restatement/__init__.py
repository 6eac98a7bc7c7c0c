"""Months as they were reported, beside the same months by what is known now.

``figures`` tells the amounts of a month down to the line, ``comparison`` what differs between two tellings of it and
why. What does not belong here: what budget, committed and actual are (``budget_vs_actual``), nor recording a close
(``closing``).
"""

from finance_ppm.transforms.restatement.comparison import concerned, restated
from finance_ppm.transforms.restatement.figures import METRICS, dated_in, figures_of, native_figures_of, of_month

__all__ = ["METRICS", "concerned", "dated_in", "figures_of", "native_figures_of", "of_month", "restated"]
