"""Azure as it is: the inventory, and what became of each recommendation.

What of the recommendations' savings may be counted is ``transforms.savings``.
"""
