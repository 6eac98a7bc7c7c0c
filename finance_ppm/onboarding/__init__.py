"""What a user does before the first sync: create the databases, map the columns, look whether all stands ready.

Belongs here: set-up that speaks with Notion and writes the user's own files. Does not belong here: the sync itself.
"""
