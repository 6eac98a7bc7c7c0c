"""One folder per outside system: talk to it, yield its records. Nothing here knows of tables or dataframes."""
