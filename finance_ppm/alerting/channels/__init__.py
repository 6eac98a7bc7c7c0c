"""The channels that alerts go by: one module each, from a message to what the receiver understands.

Belongs here: words and wires of one sort of receiver. Does not belong here: when and how often it is asked
(``outbox``).
"""
