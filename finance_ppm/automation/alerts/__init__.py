"""What is alert-worthy: failed checks and runs, stale tables and sources, figures beyond their thresholds.

Belongs here: looking, and when an alert starts and ends. Does not belong here: telling people of it (``alerting``).
"""
