"""Benchmarks: how many rows a second, in how much memory, measured on the reader's own machine.

Belongs here: generated data of a believable size, and timing. Does not belong here: anything the product needs to
run, nor assertions about speed.
"""
