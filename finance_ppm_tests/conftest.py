"""What every test may ask for: engines, a lake, a sandbox Notion, and the product's settings pointed at both."""

from finance_ppm_tests.engines import engine, spark_session

__all__ = ["engine", "spark_session"]
