"""The names of the story, all invented: people, vendors and what they sell, programs, projects, risks, actions."""

from dataclasses import dataclass

PEOPLE = (
    "Maricel Santos-Velasco",
    "Jürgen Aldenhoff",
    "Zoë Lindqvist",
    "José Peñaflor",
    "Aisling Corrigan",
    "Tomáš Havelka",
    "Imani Brookfield",
    "Renée Castelnau",
    "Divina Macaraeg",
    "Oluwaseun Adewale",
    "Łucja Brzozowska",
    "Graham Tetherby",
    "Analyn Dimaculangan",
    "Søren Vestergård",
    "Priya Raghunathan",
    "Noel Villacorta",
)
EMAIL_DOMAIN = "larkspur-finance.example"

CURRENCIES = {"USD": 1.0, "EUR": 0.92, "PHP": 56.0}
"""Currency to what a dollar of budget is worth in it, roughly."""

CURRENCY_CYCLE = ("USD", "EUR", "PHP", "USD", "EUR", "USD", "PHP", "USD")

PLACES = {
    "USD": ("", "", "Denver", "Raleigh"),
    "EUR": ("", "Rotterdam", "Graz", "Lyon"),
    "PHP": ("Manila", "Cebu", "Davao", "Clark"),
}


@dataclass(frozen=True)
class Trade:
    """What is bought together: its category, the lines it appears as, the vendors that sell it."""

    category: str
    lines: tuple[str, ...]
    vendors: tuple[str, ...]
    weight: int
    invoiced: bool = True
    """False: paid by card or expense claim, without an invoice."""


TRADES = (
    Trade(
        "CapEx",
        (
            "Implementation services",
            "Configuration sprint",
            "Interface development",
            "Go-live support",
            "Solution design",
        ),
        (
            "Northgate Ledger Systems",
            "Halvorsen Krüger Beratung",
            "Société Mérilac Conseil",
            "Tidewater Process Partners",
            "Peñalosa Business Solutions",
        ),
        6,
    ),
    Trade(
        "CapEx",
        ("Software licences", "Perpetual licence", "Reporting add-on", "Test environment licence"),
        ("Cindervale Software", "Ostrava Datové Nástroje", "Bluefern Applications", "Quillmark Systems"),
        3,
    ),
    Trade(
        "CapEx",
        ("Laptops", "Meeting room equipment", "Network hardware", "Document scanners", "Workstations"),
        ("Kestrel Hardware Supply", "Makisig Office Technology", "Brückner Rechenbedarf"),
        2,
    ),
    Trade(
        "OpEx",
        ("Cloud subscription", "Support and maintenance", "Hosting", "Backup storage", "Monitoring service"),
        ("Lakandiwa Cloud Services", "Stratusbrook Hosting", "Fjordlys Drift", "Amberline Support"),
        5,
    ),
    Trade(
        "OpEx",
        ("Data cleansing", "Process mapping workshop", "Interim controller", "Quality assurance", "Change management"),
        ("Tessellate Advisory", "Cabinet Hérault Finance", "Wójcik Rybak Doradztwo", "Mabini Row Consulting"),
        5,
    ),
    Trade(
        "OpEx",
        ("Key user training", "E-learning modules", "Train-the-trainer days"),
        ("Brightledger Academy", "Aprende Sampaguita Training", "Lernwerk Südhang"),
        2,
    ),
    Trade(
        "OpEx",
        ("Travel to workshop", "Site visit", "Kick-off travel"),
        ("Arrowmere Travel", "Habagat Travel Desk"),
        1,
        invoiced=False,
    ),
    Trade(
        "OpEx",
        ("External audit support", "Tax opinion", "Contract review", "Controls testing"),
        ("Ashcombe Vane Assurance", "Núñez Arrieta Asesores", "Dalisay Reyes Tax Advisory"),
        2,
    ),
)

PROGRAMS = (
    ("Finance operations improvement", "Smaller projects that make the daily work of finance faster and safer."),
    ("Finance ledger renewal", "One chart of accounts and one general ledger for all entities."),
    ("Manila shared service centre", "Move transactional finance into one centre, with documented service levels."),
    ("Treasury and cash visibility", "Daily cash positions for every bank account, and fewer of them."),
    ("Procure to pay", "From purchase order to payment without paper."),
    ("Reporting and planning", "Close in five days; plan on drivers instead of spreadsheets."),
    ("Tax and compliance", "Electronic invoicing and statutory reports in each country."),
    ("Finance data platform", "Trusted data for every report, with an owner for each figure."),
    ("Order to cash", "Invoices right the first time; disputes settled within ten days."),
    ("Controls and audit readiness", "Key controls documented, tested and evidenced in one place."),
    ("Workplace and collaboration", "Tools for teams that work in three time zones."),
    ("Entity simplification", "Fewer legal entities, and fewer bookings between them."),
)

PROJECTS = (
    "Accounts payable automation",
    "Account reconciliation tool",
    "Asset register clean-up",
    "Audit evidence library",
    "Bank account rationalisation",
    "Bank connectivity hub",
    "Budget holder portal",
    "Cash forecasting model",
    "Chart of accounts redesign",
    "Close calendar workflow",
    "Collections workbench",
    "Consolidation system upgrade",
    "Contract repository",
    "Cost allocation rework",
    "Credit limit review",
    "Customer master cleansing",
    "Data quality dashboard",
    "Delegation of authority workflow",
    "Dispute management",
    "Document archive migration",
    "Driver-based planning",
    "E-invoicing compliance",
    "Expense claims app",
    "Finance help desk",
    "Fixed asset tagging",
    "General ledger migration",
    "Guarantee tracking",
    "Hedge accounting records",
    "Intercompany netting",
    "Inventory costing model",
    "Invoice scanning",
    "Journal entry controls",
    "Lease accounting records",
    "Ledger data archive",
    "Management report redesign",
    "Master data governance",
    "Month-end checklist automation",
    "Multi-currency revaluation",
    "Payment factory",
    "Payment fraud controls",
    "Payroll interface",
    "Petty cash removal",
    "Planning model refresh",
    "Procurement catalogue",
    "Profitability reporting",
    "Purchase card rollout",
    "Purchase order matching",
    "Receipts matching",
    "Regulatory reporting pack",
    "Revenue recognition rules",
    "Segregation of duties review",
    "Service level reporting",
    "Shared service onboarding",
    "Spend analytics",
    "Statutory accounts templates",
    "Supplier onboarding portal",
    "Tax return automation",
    "Transfer pricing records",
    "Treasury workstation",
    "Travel policy controls",
    "Vendor master cleansing",
    "Withholding tax engine",
    "Working capital cockpit",
    "Year-end close rehearsal",
)

RISKS = (
    "Key user leaves before go-live",
    "Data migration takes longer than planned",
    "Vendor cannot staff the second phase",
    "Local tax rules change during the project",
    "Interface to the bank is not ready in time",
    "Exchange rate moves against the budget",
    "Test environment unavailable at quarter end",
    "Scope grows through local requirements",
    "Dependency on the network upgrade",
    "Historical balances cannot be reconciled",
    "Licence model changes at renewal",
    "Approval of the change request is delayed",
    "Too few testers during year-end close",
    "Supplier in financial difficulty",
)

ACTIONS = {
    "manual": (
        "Confirm the revised end date with the sponsor",
        "Collect quotations for the second phase",
        "Agree the acceptance criteria",
        "Prepare the steering committee paper",
        "Check the commitment against the purchase order",
        "Book the key users for testing",
        "Close the open points of the last workshop",
    ),
    "dq": (
        "Add the missing invoice date",
        "Correct the category of the line",
        "Assign the line to its project",
        "Explain the actual above the planned amount",
    ),
    "advisor": (
        "Right-size the test virtual machines",
        "Buy a reservation for the reporting database",
        "Delete the unattached disks",
        "Switch off the training environment at night",
    ),
}
