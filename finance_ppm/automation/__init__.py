"""When things run and who is told: conditions, jobs, schedules, sensors.

Belongs here: timing. Does not belong here: what runs (``assets``).
"""
