"""What every test may ask for: engines, a lake, a sandbox Notion, and the product's settings pointed at both."""

import os

from finance_ppm_tests.engines import engine, spark_session

__all__ = ["engine", "spark_session"]

# No test asks the world outside for exchange rates, nor does a process that one starts.
os.environ.setdefault("PPM_FX_RATES", "none")
