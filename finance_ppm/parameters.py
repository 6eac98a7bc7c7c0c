"""What gold is computed with beside silver: the choices of a finance team, from the settings and its own files.

Belongs here: gathering them. Each is explained where it is used.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Self

from finance_ppm.errors import SettingsError
from finance_ppm.health_thresholds import health_thresholds
from finance_ppm.quality.own_rules import read_own_rules
from finance_ppm.quality.rule import Rule
from finance_ppm.settings import Config
from finance_ppm.transforms.health.thresholds import HealthThresholds
from finance_ppm.transforms.savings.policy import SavingsPolicy


@dataclass(frozen=True)
class Parameters:
    """Everything gold is a function of, but for the tables and the day."""

    reporting_currency: str = "USD"
    fiscal_year_start: int = 1
    """Month, 1 to 12."""
    savings: SavingsPolicy = field(default_factory=SavingsPolicy)
    health: HealthThresholds = field(default_factory=HealthThresholds)
    health_mistake: str | None = None
    """What is wrong with the team's thresholds; until it is mended no project is judged."""
    own_rules: tuple[Rule, ...] = ()

    @property
    def of_figures(self) -> str:
        """A name for those that figures are made with which several tables tell, and must tell alike."""
        return hashlib.sha256(repr((self.reporting_currency, self.savings)).encode()).hexdigest()[:12]

    @classmethod
    def of(cls, config: Config) -> Self:
        """From the settings and the files they name.

        Own rules that cannot be used are left out: the check ``own_rules_are_readable`` tells of them. Thresholds that
        cannot be used stop ``ppm_project_health``, and what waits for it.
        """
        health, mistake = HealthThresholds(), None
        try:
            health = health_thresholds(config)
        except SettingsError as error:
            mistake = str(error)
        return cls(
            reporting_currency=config.ppm_reporting_currency,
            fiscal_year_start=config.ppm_fiscal_year_start,
            savings=SavingsPolicy(
                conservative_term=config.ppm_azure_conservative_term,
                conservative_lookback_days=config.ppm_azure_conservative_lookback_days,
                fresh_only=config.ppm_azure_fresh_only,
                untracked_only=config.ppm_azure_untracked_only,
                stale_after_days=config.ppm_azure_stale_after_days,
            ),
            health=health,
            health_mistake=mistake,
            own_rules=read_own_rules(config).rules,
        )
