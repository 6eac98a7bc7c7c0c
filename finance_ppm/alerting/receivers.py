"""Who is told, by the settings: the receivers that are configured, and from which severity on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import SecretStr

from finance_ppm.alerting.alert import Severity
from finance_ppm.alerting.channels.channel import Channel
from finance_ppm.alerting.channels.email import Email
from finance_ppm.alerting.channels.slack import Slack
from finance_ppm.alerting.channels.teams import Teams
from finance_ppm.alerting.channels.webhook import Webhook
from finance_ppm.clock import Clock, SystemClock
from finance_ppm.masking import Masker
from finance_ppm.settings import Config


@dataclass(frozen=True)
class Alerting:
    """The configured alerting. Without a receiver alerts are kept, and nobody is told."""

    config: Config
    clock: Clock = field(default_factory=SystemClock)

    @property
    def minimum(self) -> Severity:
        """What is less grave is kept, and nobody is told."""
        return Severity(self.config.ppm_alert_minimum_severity)

    @property
    def dagster_url(self) -> str:
        """Where Dagster's pages are, without a slash at its end."""
        return str(self.config.ppm_dagster_url).rstrip("/")

    def mask(self, text: str) -> str:
        """The text without any secret of the settings, and without what looks like one."""
        return self._masker(text)

    @cached_property
    def _masker(self) -> Masker:
        fields = (getattr(self.config, name) for name in type(self.config).model_fields)
        return Masker(field.get_secret_value() for field in fields if isinstance(field, SecretStr))

    def receivers(self) -> Mapping[str, Channel]:
        """The channel of each receiver, by its name in ``gold/alert_deliveries``."""
        told = self.config
        found: dict[str, Channel] = {}
        if told.ppm_alert_slack_webhook:
            found["slack"] = Slack(told.ppm_alert_slack_webhook)
        if told.ppm_alert_teams_webhook:
            found["teams"] = Teams(told.ppm_alert_teams_webhook)
        if told.ppm_alert_webhook:
            found["webhook"] = Webhook(told.ppm_alert_webhook, told.ppm_alert_webhook_secret, self.clock)
        if told.ppm_alert_smtp_host:
            found["email"] = Email(
                host=told.ppm_alert_smtp_host,
                port=told.ppm_alert_smtp_port,
                tls=told.ppm_alert_smtp_tls,
                user=told.ppm_alert_smtp_user,
                password=told.ppm_alert_smtp_password,
                sender=told.ppm_alert_smtp_from,
                recipients=told.ppm_alert_smtp_to,
            )
        return found
