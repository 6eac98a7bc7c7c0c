"""Gold ``ppm_forecast`` and ``ppm_forecast_monthly``: where each project will end, and when it will be spent."""

from finance_ppm.transforms.forecast.gold import forecast, forecast_monthly, forecast_with_months

__all__ = ["forecast", "forecast_monthly", "forecast_with_months"]
