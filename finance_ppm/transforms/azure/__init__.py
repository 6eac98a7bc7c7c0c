"""Azure: the inventory, the life of a recommendation, and the savings that may be added up."""
