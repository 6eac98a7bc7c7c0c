"""What the forecast would have been worth at every past month end, beside forecasts that take no thought.

Belongs here: replaying month ends, other methods, scores, and how they look. Does not belong here: the forecast
itself (``transforms.forecast``). What is compared, and why so: docs/decisions/forecast-accuracy.md.
"""
