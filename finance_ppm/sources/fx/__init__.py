"""Exchange rates: the European Central Bank's files, or a CSV of one's own. Knows nothing of tables or dataframes."""
