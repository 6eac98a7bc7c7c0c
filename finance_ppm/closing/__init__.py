"""Closing a month, what became of it since, and the ledger beside it.

Belongs here: recording a close, reading closes back, comparing them with the present, and reconciling actuals with a
ledger. Does not belong here: what a figure is (``transforms.restatement``), nor how things look (``closing_commands``).
"""
