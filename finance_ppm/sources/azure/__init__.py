"""Azure: Resource Graph and Advisor, read into wire rows. Knows nothing of tables, dataframes or Dagster."""
