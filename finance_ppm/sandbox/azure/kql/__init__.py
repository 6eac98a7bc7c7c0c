"""A small Kusto Query Language: what Resource Graph's simple queries are written in, over rows of JSON.

The supported part is told in ``parser``; everything else is refused with Azure's own error and its position.
"""
