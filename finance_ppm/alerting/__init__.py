"""Telling people: what an alert is, the messages, the channels they go by, and the outbox that loses none of them.

Belongs here: everything from an alert to its receiver. Does not belong here: what is alert-worthy
(``automation.alerts``), nor anything of Dagster's.
"""
