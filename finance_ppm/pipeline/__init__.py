"""The steps of the pipeline: sources, lakehouse and transforms joined, shared by the assets and the command line.

Belongs here: which rows go where, and when a step may trust what it read. Does not belong here: how a source
is spoken to, how a table is stored, what a column means, or Dagster.
"""
