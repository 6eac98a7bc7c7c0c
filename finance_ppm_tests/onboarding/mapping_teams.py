"""Teams whose Notion speaks another language: the sandbox's five databases under their names, with more beside them.

Belongs here: names as a team would choose them, and the databases with these names.
"""

from copy import deepcopy
from typing import Any

from finance_ppm.onboarding.mapping_match import TheirProperty
from finance_ppm.sandbox.notion.history import Database
from finance_ppm.sandbox.portfolio.databases import DATABASES

Names = dict[str, dict[str, str]]

TEAMS: dict[str, Names] = {
    "German": {
        "programs": {
            "Owner": "Programmleiter",
            "Start Date": "Beginn",
            "End Date": "Ende",
            "Status": "Zustand",
            "Description": "Beschreibung",
        },
        "projects": {
            "Program": "Programm",
            "Budget Total": "Gesamtbudget",
            "Currency": "Währung",
            "Start Date": "Projektstart",
            "End Date": "Projektende",
            "Status": "Projektstatus",
            "Priority": "Priorität",
            "Owner": "Projektleitung",
        },
        "budget_lines": {
            "Project": "Projekt",
            "Category": "Kostenart",
            "Vendor": "Lieferant",
            "Amount": "Planbetrag (EUR)",
            "Actual Amount": "Ist-Betrag (EUR)",
            "Committed Date": "Bestelldatum",
            "Invoice Date": "Rechnungsdatum",
            "Paid Date": "Bezahlt am",
            "Notes": "Bemerkungen",
        },
        "risks": {
            "Project": "Projekt",
            "Severity": "Schweregrad",
            "Probability": "Eintrittswahrscheinlichkeit",
            "Status": "Risikostatus",
        },
        "actions": {
            "Project": "Projekt",
            "Assignee": "Zuständig",
            "Due Date": "Fällig am",
            "Source": "Herkunft",
            "Source ID": "Quell-ID",
        },
    },
    "French": {
        "programs": {
            "Owner": "Responsable",
            "Start Date": "Date de début",
            "End Date": "Date de fin",
            "Status": "Statut",
        },
        "projects": {
            "Program": "Programme",
            "Budget Total": "Budget",
            "Currency": "Devise",
            "Start Date": "Début",
            "End Date": "Fin",
            "Status": "État",
            "Priority": "Priorité",
            "Owner": "Chef de projet",
        },
        "budget_lines": {
            "Project": "Projet",
            "Category": "Nature de la dépense",
            "Vendor": "Fournisseur",
            "Amount": "Montant prévu",
            "Actual Amount": "Montant réel",
            "Committed Date": "Date d'engagement",
            "Invoice Date": "Date de facture",
            "Paid Date": "Payé le",
            "Notes": "Remarques",
        },
        "risks": {
            "Project": "Projet concerné",
            "Severity": "Gravité",
            "Probability": "Probabilité",
            "Status": "Statut",
        },
        "actions": {
            "Project": "Projet",
            "Assignee": "Responsable",
            "Due Date": "Échéance",
            "Source": "Origine",
            "Source ID": "Identifiant source",
        },
    },
    "Spanish": {
        "programs": {
            "Owner": "Responsable",
            "Start Date": "Fecha de inicio",
            "End Date": "Fecha de finalización",
            "Status": "Estado",
            "Description": "Descripción",
        },
        "projects": {
            "Program": "Programa",
            "Budget Total": "Presupuesto total",
            "Currency": "Moneda",
            "Start Date": "Inicio",
            "End Date": "Fin",
            "Status": "Estado del proyecto",
            "Priority": "Prioridad",
            "Owner": "Jefe de proyecto",
        },
        "budget_lines": {
            "Project": "Proyecto",
            "Category": "Tipo de gasto",
            "Vendor": "Proveedor",
            "Amount": "Importe presupuestado",
            "Actual Amount": "Importe real",
            "Committed Date": "Fecha de compromiso",
            "Invoice Date": "Fecha de la factura",
            "Paid Date": "Fecha de pago",
            "Notes": "Observaciones",
        },
        "risks": {
            "Project": "Proyecto",
            "Severity": "Gravedad",
            "Probability": "Probabilidad",
            "Status": "Estado",
        },
        "actions": {
            "Project": "Proyecto",
            "Assignee": "Asignado a",
            "Due Date": "Fecha límite",
            "Source": "Fuente",
            "Source ID": "ID de la fuente",
        },
    },
    "Italian": {
        "programs": {
            "Owner": "Responsabile",
            "Start Date": "Data inizio",
            "End Date": "Data fine",
            "Status": "Stato",
            "Description": "Descrizione",
        },
        "projects": {
            "Program": "Programma",
            "Budget Total": "Budget complessivo",
            "Currency": "Valuta",
            "Start Date": "Data di inizio",
            "End Date": "Data di fine",
            "Status": "Stato progetto",
            "Priority": "Priorità",
            "Owner": "Capo progetto",
        },
        "budget_lines": {
            "Project": "Progetto",
            "Category": "Categoria",
            "Vendor": "Fornitore",
            "Amount": "Importo previsto",
            "Actual Amount": "Consuntivo",
            "Committed Date": "Data ordine",
            "Invoice Date": "Data fattura",
            "Paid Date": "Data di pagamento",
            "Notes": "Note",
        },
        "risks": {
            "Project": "Progetto",
            "Severity": "Gravità",
            "Probability": "Probabilità",
            "Status": "Stato",
        },
        "actions": {
            "Project": "Progetto",
            "Assignee": "Assegnato a",
            "Due Date": "Scadenza",
            "Source": "Fonte",
            "Source ID": "ID fonte",
        },
    },
    "Dutch": {
        "programs": {
            "Owner": "Eigenaar",
            "Start Date": "Startdatum",
            "End Date": "Einddatum",
            "Description": "Omschrijving",
        },
        "projects": {
            "Program": "Programma",
            "Budget Total": "Totaal budget",
            "Currency": "Valuta",
            "Start Date": "Begindatum",
            "End Date": "Einddatum",
            "Status": "Projectstatus",
            "Priority": "Prioriteit",
            "Owner": "Projectleider",
        },
        "budget_lines": {
            "Category": "Kostensoort",
            "Vendor": "Leverancier",
            "Amount": "Begroot bedrag",
            "Actual Amount": "Werkelijk bedrag",
            "Committed Date": "Besteldatum",
            "Invoice Date": "Factuurdatum",
            "Paid Date": "Betaald op",
            "Notes": "Opmerkingen",
        },
        "risks": {"Severity": "Ernst", "Probability": "Kans"},
        "actions": {
            "Assignee": "Toegewezen aan",
            "Due Date": "Uiterste datum",
            "Source": "Bron",
            "Source ID": "Bron-ID",
        },
    },
    "Portuguese": {
        "programs": {
            "Owner": "Responsável",
            "Start Date": "Data de início",
            "End Date": "Data de término",
            "Status": "Situação",
            "Description": "Descrição",
        },
        "projects": {
            "Program": "Programa",
            "Budget Total": "Orçamento total",
            "Currency": "Moeda",
            "Start Date": "Início",
            "End Date": "Fim",
            "Status": "Estado do projeto",
            "Priority": "Prioridade",
            "Owner": "Gestor do projeto",
        },
        "budget_lines": {
            "Project": "Projeto",
            "Category": "Tipo de despesa",
            "Vendor": "Fornecedor",
            "Amount": "Valor previsto",
            "Actual Amount": "Valor realizado",
            "Committed Date": "Data do pedido",
            "Invoice Date": "Data da fatura",
            "Paid Date": "Data de pagamento",
            "Notes": "Observações",
        },
        "risks": {
            "Project": "Projeto",
            "Severity": "Severidade",
            "Probability": "Probabilidade",
        },
        "actions": {
            "Project": "Projeto",
            "Assignee": "Atribuído a",
            "Due Date": "Prazo",
            "Source": "Origem",
            "Source ID": "ID da origem",
        },
    },
    "plain English of another house": {
        "programs": {"Owner": "Program Manager", "Start Date": "start_date", "End Date": "Finish", "Status": "State"},
        "projects": {
            "Program": "Parent program",
            "Budget Total": "Approved budget",
            "Currency": "Ccy",
            "Start Date": "Planned start",
            "End Date": "END DATE",
            "Status": "Project stage",
            "Priority": "Prio",
            "Owner": "PM",
        },
        "budget_lines": {
            "Category": "CapEx/OpEx",
            "Vendor": "Supplier",
            "Amount": "Planned ($)",
            "Actual Amount": "Actuals ($)",
            "Committed Date": "PO date",
            "Invoice Date": "Invoiced on",
            "Paid Date": "Payment date",
            "Notes": "Comments",
        },
        "risks": {"Project": "Affects", "Severity": "Impact", "Probability": "Likelihood"},
        "actions": {"Assignee": "Assigned to", "Due Date": "Deadline", "Source": "Origin", "Source ID": "source id"},
    },
}
"""Language to database to our name to theirs; what is not named bears our name."""

MORE: dict[str, dict[str, Any]] = {
    "Created": {"created_time": {}},
    "Last edited by": {"last_edited_by": {}},
    "URL": {"url": {}},
    "Files": {"files": {}},
    "Tags": {"multi_select": {"options": [{"name": "High"}, {"name": "Low"}]}},
    "Progress": {"number": {"format": "percent"}},
    "Archive": {"checkbox": {}},
}
"""Properties that nothing is read from."""


def databases_of(names: Names) -> tuple[Database, ...]:
    """The sandbox's databases under these names, and ``MORE`` before and after them."""
    return tuple(
        Database(
            database.name,
            database.title,
            {
                **dict(list(MORE.items())[:3]),
                **{names.get(database.name, {}).get(ours, ours): config for ours, config in own(database).items()},
                **dict(list(MORE.items())[3:]),
            },
        )
        for database in DATABASES
    )


def own(database: Database) -> dict[str, dict[str, Any]]:
    """Its properties, to be changed freely."""
    return deepcopy(database.properties)


def schemas_of(databases: tuple[Database, ...]) -> dict[str, tuple[TheirProperty, ...]]:
    """What Notion would tell of these databases."""
    return {
        database.name: tuple(_told(name, config) for name, config in database.properties.items())
        for database in databases
    }


def _told(name: str, config: dict[str, Any]) -> TheirProperty:
    ((kind, told),) = config.items()
    options = tuple(option["name"] for option in told.get("options", ()))
    return TheirProperty(name, kind, options, told.get("database"), told.get("format") in {"dollar", "euro"})
