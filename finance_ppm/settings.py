"""Every setting, typed, from the environment or a ``.env`` file beside the project.

Belongs here: names, types, defaults and the sentence a user reads when one is wrong. Nothing else in the
project reads the environment.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from finance_ppm.errors import SettingsError

NOTION_API = "https://api.notion.com"
AZURE_RESOURCE_MANAGER = "https://management.azure.com"
ECB_RATES = "https://www.ecb.europa.eu/stats/eurofxref"
HOW_TO_CONFIGURE_AZURE = (
    "No Azure is configured: write AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal "
    "into .env, or AZURE_SUBSCRIPTIONS alone on a machine that is signed in (.env.example explains each); "
    "`finance-ppm demo` shows the product without any."
)
STATE_FOLDER = Path(".ppm")
SANDBOX_ENV = STATE_FOLDER / "sandbox.env"
"""Written by the sandbox: its address, token and database ids. Read only where no token is configured."""

DATABASES = ("programs", "projects", "budget_lines", "risks", "actions")
"""The five databases, in the order they are read and shown."""

OPTIONAL_DATABASES = frozenset({"actions"})


class Config(BaseSettings):
    """The product's settings. Construct with keyword arguments in tests, with ``from_env`` elsewhere."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    notion_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("NOTION_TOKEN", "NOTION_API_KEY"),
        description="Token of the Notion integration.",
    )
    notion_programs_db_id: str | None = Field(None, description="Id of the Programs database.")
    notion_projects_db_id: str | None = Field(None, description="Id of the Projects database.")
    notion_budget_lines_db_id: str | None = Field(None, description="Id of the Budget Lines database.")
    notion_risks_db_id: str | None = Field(None, description="Id of the Risks database.")
    notion_actions_db_id: str | None = Field(None, description="Id of the Actions database; optional.")
    notion_base_url: HttpUrl = Field(
        HttpUrl(NOTION_API), description="Where Notion answers: the real API, or a sandbox."
    )
    notion_version: Literal["2022-06-28", "2025-09-03", "2026-03-11"] = Field(
        "2022-06-28", description="Version of the Notion API to speak."
    )
    notion_requests_per_minute: int = Field(
        180, ge=1, le=6000, description="Requests a minute: 180 on most Notion plans, 600 on Business and Enterprise."
    )
    ppm_notion_mapping: Path = Field(
        Path("notion-mapping.yaml"), description="File with your Notion's own column names, where they are not ours."
    )
    azure_tenant_id: str | None = Field(None, description="Id of the Azure tenant to read.")
    azure_client_id: str | None = Field(None, description="Id of the service principal, or of the managed identity.")
    azure_client_secret: SecretStr | None = Field(None, description="The service principal's secret.")
    azure_access_token: SecretStr | None = Field(
        None, description="A bearer token that is used as it is, in place of any sign-in."
    )
    azure_resource_manager_url: HttpUrl = Field(
        HttpUrl(AZURE_RESOURCE_MANAGER), description="Where Azure answers: the public cloud, another one, or a sandbox."
    )
    azure_authority_host: str | None = Field(
        None, description="Host at which Azure signs in, where it is not that of the cloud."
    )
    azure_subscriptions: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Ids of the subscriptions to read, with commas between; where none is named, all that can be seen.",
    )
    azure_management_groups: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Management groups to read, with commas between, in place of the whole tenant."
    )
    ppm_azure_project_tag: str = Field(
        "ppm-project", description="Azure tag whose value is a project's name or Notion page id."
    )
    ppm_azure_conservative_term: Literal["P1Y", "P3Y"] = Field(
        "P1Y", description="Term of the commitments that the conservative savings count."
    )
    ppm_azure_conservative_lookback_days: Literal[7, 30, 60] = Field(
        30, description="Days of usage behind the commitments that the conservative savings count."
    )
    ppm_azure_fresh_only: bool = Field(
        False,
        description="Count only savings that Advisor updated within a day before they were read (60 hours for "
        "Security), as Microsoft's own query does.",
    )
    ppm_azure_untracked_only: bool = Field(
        False, description="Leave out recommendations that Advisor marks as tracked, as Microsoft's own query does."
    )
    ppm_azure_stale_after_days: int = Field(
        30,
        ge=1,
        description="Days after which the savings of a subscription that is not read completely count no more.",
    )
    ppm_lakehouse_uri: str = Field(
        str(STATE_FOLDER / "lake"), description="Where the Delta tables live: a folder, or abfss://, s3://, gs://."
    )
    ppm_start_date: date = Field(date(2024, 1, 1), description="First day of the daily partitions.")
    ppm_reporting_currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the reporting currency."
    )
    ppm_fiscal_year_start: int = Field(
        1,
        ge=1,
        le=12,
        description="Month (1 to 12) in which the fiscal year starts; it is named after the year it ends in.",
    )
    ppm_fx_rates: str = Field(
        ECB_RATES,
        description="Where exchange rates are read: the address of a folder with the European Central Bank's files, a "
        "file in its format (.csv, .zip, .xml), or a CSV of your own.",
    )
    ppm_health_thresholds: Path = Field(
        Path("health.yaml"), description="File with your own thresholds of project health, where they are not ours."
    )
    ppm_rules: Path = Field(Path("rules.yaml"), description="File with data-quality rules of your own.")
    ppm_alert_slack_webhook: SecretStr | None = Field(
        None, description="Address of Slack's incoming webhook for alerts."
    )
    ppm_alert_teams_webhook: SecretStr | None = Field(
        None, description="Address of a webhook of Microsoft Teams' Workflows for alerts."
    )
    ppm_alert_webhook: SecretStr | None = Field(None, description="Address that alerts are posted to as JSON.")
    ppm_alert_webhook_secret: SecretStr | None = Field(None, description="What those posts are signed with.")
    ppm_alert_smtp_host: str | None = Field(None, description="Mail server that alerts are sent by.")
    ppm_alert_smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    ppm_alert_smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to the mail server is made safe: starttls, tls or none."
    )
    ppm_alert_smtp_user: str | None = Field(None, description="User of the mail server, where it asks for one.")
    ppm_alert_smtp_password: SecretStr | None = Field(None, description="The user's password.")
    ppm_alert_smtp_from: str | None = Field(None, description="Address that alerts are mailed from.")
    ppm_alert_smtp_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses that alerts are mailed to, with commas between."
    )
    ppm_alert_minimum_severity: Literal["INFO", "WARN", "ERROR"] = Field(
        "WARN", description="How grave an alert must be for somebody to be told of it."
    )
    ppm_alert_thresholds: Path = Field(
        Path("alerts.yaml"), description="File with thresholds on figures of yours, to be told when they are crossed."
    )
    ppm_dagster_url: HttpUrl = Field(
        HttpUrl("http://127.0.0.1:3000"), description="Where people open Dagster, for the links in alerts."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged, by our commands and wherever Dagster runs our code."
    )
    log_format: Literal["text", "json"] = Field("text", description="Logs as lines for people, or as JSON objects.")
    dagster_home: Path = Field(STATE_FOLDER / "dagster", description="Where Dagster keeps its runs.")

    ppm_sandbox_anchor: date | None = Field(
        None, description="The day the sandbox's story centres on; set by the sandbox itself."
    )
    ppm_sandbox_pages: int = Field(2000, ge=50, le=200_000, description="Pages in the sandbox's story.")
    ppm_sandbox_seed: int = Field(7, description="Another number tells another story.")

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: Any, info: Any) -> Any:
        """An empty line in ``.env`` means the default, not an empty value."""
        if isinstance(value, str) and not value.strip():
            return cls.model_fields[info.field_name].default
        return value.strip() if isinstance(value, str) else value

    @field_validator("azure_subscriptions", "azure_management_groups", "ppm_alert_smtp_to", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """``a, b`` in the environment is a list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("azure_subscriptions")
    @classmethod
    def _subscription_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """However an id is written, it is one id; what is none would be passed over by Azure without a word."""
        ids = []
        for number, told in enumerate(value, 1):
            try:
                ids.append(str(UUID(told.rsplit("/", 1)[-1])))
            except ValueError:
                raise ValueError(f"its entry {number} is not the id of a subscription (a GUID)") from None
        return tuple(dict.fromkeys(ids))

    @field_validator("log_level", "ppm_alert_minimum_severity", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("log_format", "ppm_alert_smtp_tls", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator(*(f"notion_{name}_db_id" for name in DATABASES))
    @classmethod
    def _no_token(cls, value: str | None) -> str | None:
        """An id is shown in errors, in logs and in the lake; a token must not be."""
        if value and is_token(value):
            raise ValueError("it holds a token where the id of a database belongs")
        return value

    @field_validator("ppm_alert_slack_webhook", "ppm_alert_teams_webhook", "ppm_alert_webhook")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        """The address of a webhook is a secret: whoever has it may post. No error quotes it."""
        if value and not value.get_secret_value().lower().startswith(("https://", "http://")):
            raise ValueError("it is no address that begins with https://")
        return value

    @field_validator("ppm_alert_smtp_from", "ppm_alert_smtp_to")
    @classmethod
    def _mailbox(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        """``name@company.com`` or ``Name <name@company.com>``, in one line."""
        for number, one in enumerate((value,) if isinstance(value, str) else value or (), 1):
            if "@" not in one or not one.isprintable():
                raise ValueError(f"its entry {number} is no e-mail address")
        return value

    @field_validator("notion_base_url", "azure_resource_manager_url", "ppm_dagster_url")
    @classmethod
    def _without_login(cls, value: HttpUrl) -> HttpUrl:
        """An address is shown in errors; and a login in it would take the place of the token in every request."""
        if value.username or value.password or value.query:
            raise ValueError("it holds a user name, a password or a query, and none of them belongs there")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keyword arguments, the environment, ``.env``; and, where none names a token, the sandbox's file.

        Of that file nothing on Azure is read where anything on Azure is told: credentials of a real tenant are never
        sent to a sandbox, nor is a sandbox's token sent to Azure.
        """
        own = (init_settings, env_settings, dotenv_settings)
        told = {name.lower() for source in own for name, value in source().items() if value}
        if told & {"notion_token", "notion_api_key"}:
            return own
        sandbox = DotEnvSettingsSource(settings_cls, env_file=SANDBOX_ENV)
        if not any(name.startswith("azure_") for name in told):
            return (*own, sandbox)
        without_azure = {name: value for name, value in sandbox().items() if not name.lower().startswith("azure_")}
        return (*own, InitSettingsSource(settings_cls, init_kwargs=without_azure))

    @classmethod
    def from_env(cls, env_file: Path | None = Path(".env")) -> Self:
        """Read the settings from the environment and ``env_file``.

        Raises :class:`SettingsError` with one sentence for each wrong value, or for a file that cannot be read.
        """
        try:
            if env_file is not None and env_file.is_dir():
                raise SettingsError(f"{env_file} is a folder, and settings are read from a file: rename the folder.")
            return cls(_env_file=env_file)
        except ValidationError as error:
            raise SettingsError(" ".join(_sentence(cls, found) for found in error.errors())) from None
        except UnicodeDecodeError as error:
            # The error itself holds the whole file, token included.
            number = error.object.count(b"\n", 0, error.start) + 1
            raise SettingsError(
                f"{env_file or SANDBOX_ENV} is not UTF-8 (line {number}): save it as UTF-8 in your editor."
            ) from None
        except OSError as error:
            path = error.filename or env_file or SANDBOX_ENV
            raise SettingsError(
                f"{path} cannot be read ({error.strerror or error}): make it a file that you may read."
            ) from None

    @property
    def database_ids(self) -> dict[str, str]:
        """Configured databases, name to id, in reading order. However an id is written, it is one id."""
        ids = {name: getattr(self, f"notion_{name}_db_id") for name in DATABASES}
        return {name: _dashed(value) for name, value in ids.items() if value}

    @property
    def reads_azure(self) -> bool:
        """Whether the settings name an Azure to read: a tenant, an identity, a token, or what to read of it."""
        return bool(
            self.azure_tenant_id
            or self.azure_client_id
            or self.azure_client_secret
            or self.azure_access_token
            or self.azure_subscriptions
            or self.azure_management_groups
        )

    def without_azure(self) -> Self:
        """The same settings, but that no Azure is read."""
        told = (name for name in type(self).model_fields if name.startswith("azure_"))
        return self.model_copy(update={name: type(self).model_fields[name].default for name in told})

    def require_azure(self) -> None:
        """Raise :class:`SettingsError`, saying which settings there are, where no Azure is configured."""
        if not self.reads_azure:
            raise SettingsError(HOW_TO_CONFIGURE_AZURE)

    def require_notion(self) -> SecretStr:
        """The token, once everything needed to read Notion is there.

        Raises :class:`SettingsError` naming what is missing and how to get it.
        """
        missing = [] if self.notion_token else ["NOTION_TOKEN"]
        missing += [
            f"NOTION_{name.upper()}_DB_ID"
            for name in DATABASES
            if name not in self.database_ids and name not in OPTIONAL_DATABASES
        ]
        if missing or self.notion_token is None:
            plural = "is" if len(missing) == 1 else "are"
            raise SettingsError(
                f"{' and '.join(missing)} {plural} not set: write {'it' if len(missing) == 1 else 'them'} into .env "
                "(.env.example explains each), or run `finance-ppm demo` to see the product without an account."
            )
        names: dict[str, str] = {}
        for name, identity in self.database_ids.items():
            if identity in names:
                raise SettingsError(
                    f"NOTION_{names[identity].upper()}_DB_ID and NOTION_{name.upper()}_DB_ID name the same database "
                    f"({identity}): give each its own id in .env."
                )
            names[identity] = name
        return self.notion_token


def is_token(value: str) -> bool:
    """Whether it is a token of Notion's, new style or old, which is no id of anything."""
    return value.strip().lower().startswith(("ntn_", "secret_"))


def _dashed(identity: str) -> str:
    """An id as Notion writes it; what is no UUID is left for Notion to refuse."""
    try:
        return str(UUID(identity))
    except ValueError:
        return identity


def _sentence(settings: type[Config], error: Any) -> str:
    name = str(error["loc"][0]).upper()
    field = settings.model_fields.get(name.lower())
    meaning = f" ({field.description.rstrip('.')})" if field and field.description else ""
    what = error["msg"].removeprefix("Value error, ")
    return f"{name}{meaning} is wrong: {what}; correct it in the environment or in .env."
