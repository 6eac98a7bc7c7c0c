"""Gold ``ppm_forecast_accuracy`` and ``ppm_forecast_intervals``: what earlier forecasts were worth."""

from finance_ppm.transforms.accuracy.gold import forecast_accuracy, forecast_intervals

__all__ = ["forecast_accuracy", "forecast_intervals"]
