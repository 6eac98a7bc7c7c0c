"""A Notion on loopback that answers as the real API does, driven by a history of edits and a settable clock."""
