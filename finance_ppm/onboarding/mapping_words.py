"""What finance teams call our columns and words: English, German, French, Spanish, Italian, Dutch and Portuguese.

Belongs here: the vocabulary, and nothing else. How a name is compared with it is ``mapping_likeness``'s business.

A name stands below one property only among those of one database; :data:`WEAK` holds what may mean something else
as well. Capitals, accents, blanks and punctuation do not matter, nor do articles within a name.
"""

NAMES: dict[str, str] = {
    "Program": """
        Programme, Programs, Parent Program; Programm, Übergeordnetes Programm; Programme parent; Programa; Programma;
        Programa pai
    """,
    "Project": """
        Projects, Related Project; Projekt, Projekte, Zugehöriges Projekt; Projet, Projets, Projet associé; Proyecto,
        Proyectos; Progetto, Progetti; Projecten; Projeto, Projetos, Projecto
    """,
    "Budget Total": """
        Total Budget, Budget, Approved Budget, Budget Amount; Gesamtbudget, Budget gesamt, Budget insgesamt,
        Budgetsumme, Genehmigtes Budget; Budget global, Budget approuvé, Enveloppe, Enveloppe budgétaire, Montant du
        budget; Presupuesto, Presupuesto total, Presupuesto aprobado; Budget totale, Budget complessivo, Budget
        approvato, Stanziamento; Totaalbudget, Totaal budget, Budget totaal, Begroting, Totale begroting; Orçamento,
        Orçamento total, Orçamento aprovado
    """,
    "Currency": """
        Currency Code, Ccy; Währung, Währungscode, Währungskürzel; Devise, Monnaie; Moneda, Divisa; Valuta;
        Munteenheid; Moeda
    """,
    "Start Date": """
        Start, Starts, Starts on, Started, Begin, Begin Date, Planned Start; Startdatum, Beginn, Beginndatum, Anfang,
        Anfangsdatum, Starttermin, Startet am, Beginnt am, Geplanter Start, Geplanter Beginn; Début, Date de début,
        Démarrage, Date de démarrage, Date de commencement, Date de lancement, Début prévu; Inicio, Fecha de inicio,
        Comienzo, Fecha de comienzo, Fecha inicial, Inicio previsto; Inizio, Data di inizio, Data d'inizio, Avvio, Data
        di avvio, Inizio previsto; Begindatum, Aanvang, Aanvangsdatum, Geplande startdatum; Data de início, Começo,
        Data de começo, Data inicial
    """,
    "End Date": """
        End, Ends, Ends on, Finish, Finish Date, Planned End, Completion Date; Ende, Enddatum, Endtermin, Endet am,
        Geplantes Ende, Abschluss, Abschlussdatum, Fertigstellung, Fertigstellungsdatum; Fin, Date de fin, Fin prévue,
        Achèvement, Date d'achèvement, Clôture, Date de clôture; Fecha de fin, Fecha final, Fecha de finalización,
        Finalización, Término, Fecha de término, Fin previsto, Cierre, Fecha de cierre; Fine, Data di fine, Fine
        prevista, Conclusione, Data di conclusione, Data di chiusura; Einde, Einddatum, Eind, Afronding, Opleverdatum,
        Geplande einddatum; Fim, Data de fim, Data do fim, Data final, Data de término, Conclusão, Data de conclusão,
        Fim previsto, Encerramento, Data de encerramento
    """,
    "Status": """
        State, Stage; Stand, Zustand; Statut, État; Estado, Estatus, Situación; Stato; Toestand; Situação
    """,
    "Priority": "Prio; Priorität; Priorité; Prioridad; Priorità; Prioriteit; Prioridade",
    "Owner": """
        Manager, Responsible, Responsible Person, Accountable, Lead, PM, Product Owner; Verantwortlich,
        Verantwortliche, Verantwortlicher, Verantwortliche Person, Eigentümer, Eigentümerin, Inhaber, Inhaberin,
        Besitzer, Zuständig, Leitung, Leiter, Leiterin; Responsable, Propriétaire, Chef, Cheffe, Pilote, Porteur;
        Propietario, Propietaria, Encargado, Encargada, Jefe, Jefa, Gerente, Director, Titular, Líder; Responsabile,
        Proprietario, Titolare, Capo, Referente; Eigenaar, Verantwoordelijke, Verantwoordelijk, Leider; Responsável,
        Proprietário, Dono, Gestor, Gestora
    """,
    "Description": """
        Summary, Details, Purpose; Beschreibung, Zweck, Zusammenfassung; Descriptif, Résumé; Descripción, Resumen;
        Descrizione; Beschrijving, Omschrijving, Samenvatting; Descrição, Resumo
    """,
    "Category": """
        Cost Type, Cost Category, Expense Type, Expense Category, Expenditure Type, Budget Category, CapEx/OpEx,
        OpEx/CapEx; Kategorie, Kostenart, Ausgabenart, Aufwandsart, Budgetkategorie; Catégorie, Type de dépense, Nature
        de la dépense, Type de coût; Categoría, Tipo de gasto, Tipo de coste, Tipo de costo; Categoria, Tipo di spesa,
        Tipo di costo, Tipologia; Categorie, Kostensoort; Tipo de despesa, Tipo de custo, Natureza da despesa
    """,
    "Vendor": """
        Vendor Name, Supplier, Supplier Name, Payee, Contractor, Provider, Service Provider; Lieferant, Anbieter,
        Kreditor, Dienstleister, Auftragnehmer, Zulieferer; Fournisseur, Prestataire; Proveedor, Contratista;
        Fornitore; Leverancier, Dienstverlener; Fornecedor, Prestador, Prestador de serviços
    """,
    "Amount": """
        Planned Amount, Planned, Plan, Planned Cost, Budget, Budget Amount, Budgeted, Budgeted Amount; Betrag,
        Planbetrag, Geplanter Betrag, Plankosten, Geplante Kosten, Planwert, Budgetbetrag, Soll, Sollbetrag; Montant,
        Montant prévu, Montant planifié, Montant budgété, Prévu, Coût prévu, Budget prévu; Importe, Monto, Importe
        previsto, Importe presupuestado, Importe planificado, Monto previsto, Monto presupuestado, Monto planificado,
        Presupuesto, Previsto, Coste previsto, Costo previsto; Importo, Importo previsto, Importo pianificato,
        Ammontare, Preventivo; Bedrag, Gepland bedrag, Begroot bedrag, Gebudgetteerd bedrag, Begroot, Gepland, Geplande
        kosten; Montante, Valor, Quantia, Montante previsto, Valor previsto, Valor orçado, Valor planejado, Valor
        planeado, Orçado, Orçamento, Custo previsto
    """,
    "Committed Date": """
        Committed on, Commitment Date, Date Committed, Order Date, Ordered on, PO Date, Purchase Order Date;
        Bestelldatum, Bestellt am, Auftragsdatum, Beauftragt am, Beauftragungsdatum, Verpflichtungsdatum, Zusagedatum,
        Datum der Bestellung, Datum der Zusage; Date d'engagement, Engagé le, Date de commande, Date de la commande,
        Commandé le; Fecha de compromiso, Comprometido el, Fecha de pedido, Fecha del pedido, Fecha de orden de compra;
        Data di impegno, Data impegno, Data d'impegno, Data ordine, Data dell'ordine, Data di ordine, Impegnato il;
        Verplichtingsdatum, Datum verplichting, Besteldatum, Besteld op, Orderdatum; Data de compromisso, Data do
        compromisso, Data de empenho, Data do empenho, Data do pedido, Data da encomenda, Encomendado em, Data da ordem
        de compra
    """,
    "Invoice Date": """
        Invoiced on, Date of Invoice, Date Invoiced, Billing Date, Billed on, Bill Date; Rechnungsdatum, Datum der
        Rechnung, Rechnung vom, Fakturadatum, Fakturiert am; Date de facture, Date de la facture, Date de facturation,
        Facturé le; Fecha de factura, Fecha de la factura, Fecha de facturación, Facturado el; Data fattura, Data della
        fattura, Data di fatturazione, Fatturato il; Factuurdatum, Datum factuur, Gefactureerd op; Data da fatura, Data
        da factura, Data de faturamento, Data de faturação, Data da nota fiscal, Faturado em
    """,
    "Paid Date": """
        Paid on, Date Paid, Payment Date, Date of Payment, Settled on; Zahlungsdatum, Zahldatum, Datum der Zahlung,
        Bezahlt am, Gezahlt am; Date de paiement, Date du paiement, Payé le, Date de règlement, Réglé le; Fecha de
        pago, Fecha del pago, Pagado el; Data di pagamento, Data pagamento, Pagato il; Betaaldatum, Betalingsdatum,
        Datum betaling, Betaald op; Data de pagamento, Data do pagamento, Pago em
    """,
    "Actual Amount": """
        Actual, Actuals, Actual Cost, Actual Spend, Spent, Amount Spent, Invoiced Amount; Ist, Istbetrag, Ist-Kosten,
        Ist-Wert, Tatsächlicher Betrag, Tatsächliche Kosten, Ausgegeben, Rechnungsbetrag; Réel, Montant réel, Coût
        réel, Dépensé, Montant dépensé, Réalisé, Montant réalisé, Montant facturé; Real, Importe real, Monto real,
        Coste real, Costo real, Gasto real, Gastado, Importe gastado, Monto gastado, Ejecutado, Monto ejecutado,
        Importe facturado; Effettivo, Importo effettivo, Costo effettivo, Spesa effettiva, Consuntivo, Importo
        consuntivo, Speso, Importo speso; Werkelijk, Werkelijk bedrag, Werkelijke kosten, Daadwerkelijk bedrag,
        Realisatie, Gerealiseerd, Gerealiseerd bedrag, Besteed, Besteed bedrag, Uitgegeven; Valor real, Montante real,
        Custo real, Valor gasto, Realizado, Valor realizado, Executado, Valor executado, Despesa real
    """,
    "Notes": """
        Note, Comment, Comments, Remark, Remarks; Notiz, Notizen, Bemerkung, Bemerkungen, Kommentar, Kommentare,
        Anmerkung, Anmerkungen; Remarque, Remarques, Commentaire, Commentaires, Observations; Nota, Notas, Comentario,
        Comentarios, Observaciones; Commento, Commenti, Osservazioni; Notitie, Notities, Opmerking, Opmerkingen,
        Toelichting; Comentário, Comentários, Observações, Anotações
    """,
    "Severity": """
        Risk Severity; Schweregrad, Schwere; Gravité, Sévérité; Gravedad, Severidad; Gravità, Severità; Ernst,
        Ernstgraad; Gravidade, Severidade
    """,
    "Probability": """
        Likelihood, Chance; Wahrscheinlichkeit, Eintrittswahrscheinlichkeit; Probabilité, Vraisemblance, Probabilité
        d'occurrence; Probabilidad; Probabilità; Kans, Waarschijnlijkheid; Probabilidade
    """,
    "Assignee": """
        Assigned to, Assigned, Responsible, Owner; Zugewiesen an, Zugewiesen, Zuständig, Verantwortlich,
        Verantwortliche, Verantwortlicher, Verantwortliche Person, Bearbeiter, Bearbeiterin; Assigné, Assigné à,
        Attribué à, Affecté à, Responsable; Asignado, Asignado a, Encargado, Encargada; Assegnato, Assegnato a,
        Assegnatario, Responsabile, Incaricato; Toegewezen aan, Toegewezen, Toegewezene, Verantwoordelijke, Uitvoerder,
        Behandelaar; Atribuído, Atribuído a, Designado, Responsável
    """,
    "Due Date": """
        Due, Due by, Due on, Deadline, By When; Fällig, Fällig am, Fälligkeit, Fälligkeitsdatum, Frist, Bis wann, Zu
        erledigen bis; Échéance, Date d'échéance, Date limite, Délai; Vencimiento, Fecha de vencimiento, Fecha límite,
        Plazo; Scadenza, Data di scadenza, Entro il; Vervaldatum, Uiterste datum, Streefdatum; Vencimento, Data de
        vencimento, Prazo, Prazo final, Data limite
    """,
    "Source": """
        Origin; Quelle, Herkunft, Ursprung; Origine, Provenance; Fuente, Origen; Fonte, Provenienza; Bron, Herkomst;
        Origem
    """,
    "Source ID": """
        Source Reference, Origin ID; Quell-ID, Quellen-ID, ID der Quelle, Quellennummer, Herkunfts-ID; ID source, ID de
        la source, Identifiant source, Identifiant de la source; ID de la fuente, ID fuente, ID de origen,
        Identificador de origen; ID fonte, ID della fonte, ID origine; Bron-ID, Bronnummer; ID da fonte, ID da origem
    """,
}
"""Our property's name to what else it is called."""

WEAK: dict[str, str] = {
    "Program": "Initiative, Portfolio, Portefeuille",
    "Owner": "Sponsor",
    "Start Date": "Kick-off",
    "End Date": "Target Date, Deadline, Due Date, Frist, Échéance, Plazo, Scadenza, Termine, Prazo",
    "Status": "Phase, Fase, Avancement, Voortgang",
    "Priority": "Urgency, Dringlichkeit, Urgence, Urgencia, Urgenza, Urgentie, Urgência",
    "Category": "Type, Kind, Typ, Art, Nature, Tipo, Soort, Natureza",
    "Vendor": "Partner, Company, Firma",
    "Amount": "Sum, Summe, Value, Wert, Cantidad, Total",
    "Actual Amount": "Paid Amount, Bezahlter Betrag, Montant payé, Importe pagado, Importo pagato, Valor pago, Gasto",
    "Committed Date": """
        Committed, Commitment, Bestellung, Engagement, Compromiso, Impegno, Verplichting, Compromisso, Empenho
    """,
    "Invoice Date": "Invoiced, Invoice, Rechnung, Facture, Factura, Fattura, Factuur, Fatura",
    "Paid Date": """
        Paid, Payment, Bezahlt, Zahlung, Payé, Paiement, Règlement, Pagado, Pago, Pagato, Pagamento, Betaald, Betaling
    """,
    "Severity": """
        Impact, Risk Level, Auswirkung, Auswirkungen, Impacto, Impatto, Gevolg, Ausmaß, Schadenshöhe, Criticality,
        Kritikalität, Criticité, Criticidad, Criticità, Criticidade
    """,
    "Due Date": "Target Date, Date, Datum, Termin, Termine, Data, Fecha",
    "Source ID": "Reference, Referenz, Référence, Referencia, Riferimento, Referentie, Referência",
}
"""Our property's name to what may mean it, and something else as well."""

NOUNS: dict[str, str] = {
    "programs": "program, programm, programme, programa, programma",
    "projects": "project, projekt, projet, proyecto, progetto, projeto, projecto",
    "budget_lines": "line, zeile, posten, ligne, línea, riga, regel, linha",
    "risks": "risk, risiko, risque, riesgo, rischio, risico, risco",
    "actions": "action, task, maßnahme, aufgabe, tâche, acción, tarea, azione, attività, actie, taak, ação, tarefa",
}
"""What a page of a database is called: ``Projektstatus`` is the status of a project."""

_UNDER_WAY = """
    Active, Running, Ongoing, Under Way; Aktiv, Laufend, Läuft, In Arbeit, In Bearbeitung, In Umsetzung, In
    Durchführung; Actif, En cours, En cours de réalisation; Activo, Activa, En curso, En progreso, En proceso; Attivo,
    Attiva, In corso; Actief, Lopend, In uitvoering, Bezig; Ativo, Ativa, Em andamento, Em curso, Em progresso, Em
    execução
"""
_COMPLETED = """
    Abgeschlossen, Fertig, Fertiggestellt, Beendet, Erledigt; Terminé, Terminée, Achevé, Achevée, Fini; Completado,
    Completada, Terminado, Terminada, Finalizado, Finalizada; Completato, Completata, Concluso, Conclusa, Terminato,
    Finito; Voltooid, Afgerond, Gereed, Klaar; Concluído, Concluída
"""
_HIGH = "Hoch; Élevé, Élevée, Haut, Haute, Fort, Forte; Alto, Alta; Hoog"
_MEDIUM = "Mittel; Moyen, Moyenne; Medio, Media; Gemiddeld, Midden, Middel; Médio, Média; Moderate, Med"
_LOW = "Niedrig, Gering; Faible, Bas, Basse; Bajo, Baja; Basso, Bassa; Laag; Baixo, Baixa"

WORDS: dict[tuple[str, str], dict[str, str]] = {
    ("programs", "Status"): {
        "Active": f"{_UNDER_WAY}, In Progress",
        "On Hold": """
            Paused, Suspended; Pausiert, Angehalten, Ausgesetzt, Ruht, Ruhend, Zurückgestellt; En pause, En attente,
            Suspendu, Suspendue; En pausa, En espera, Suspendido, Pausado; In pausa, In attesa, Sospeso, Sospesa;
            Gepauzeerd, Opgeschort, In de wacht; Em pausa, Em espera, Suspenso, Suspensa
        """,
        "Completed": f"Complete, Done, Finished; {_COMPLETED}",
    },
    ("projects", "Status"): {
        "Planning": """
            Planned, In Planning, Not Started; Planung, In Planung, Geplant, Nicht begonnen; Planification, En
            planification, Planifié, Planifiée, Prévu, En préparation, Pas commencé; Planificación, En planificación,
            Planificado, Planificada, No iniciado; Pianificazione, In pianificazione, Pianificato, Pianificata, Non
            iniziato; Gepland, In voorbereiding, Niet gestart; Planejamento, Planeamento, Em planejamento, Em
            planeamento, Planejado, Planeado, Não iniciado
        """,
        "In Progress": _UNDER_WAY,
        "Completed": f"Complete, Done, Finished; {_COMPLETED}",
    },
    ("projects", "Priority"): {"High": _HIGH, "Medium": f"{_MEDIUM}, Normal, Normale", "Low": _LOW},
    ("budget_lines", "Category"): {
        "CapEx": """
            Capital, Capital Expenditure, Capital Expense; Investition, Investitionen, Investitionsausgaben, Investiv;
            Investissement, Investissements, Dépenses d'investissement; Inversión, Inversiones, Gasto de capital,
            Gastos de capital; Investimento, Investimenti, Spese in conto capitale; Investering, Investeringen;
            Investimentos, Despesa de capital, Despesas de capital
        """,
        "OpEx": """
            Operating, Operational, Operating Expense, Operating Expenditure, Operational Expenditure; Betriebskosten,
            Betriebsausgaben, Betriebsaufwand, Laufende Kosten; Fonctionnement, Dépenses de fonctionnement,
            Exploitation, Dépenses d'exploitation; Gasto operativo, Gastos operativos, Gastos de operación; Spesa
            operativa, Spese operative, Costi operativi, Spese correnti; Operationele kosten, Exploitatie,
            Exploitatiekosten, Bedrijfskosten; Despesa operacional, Despesas operacionais, Custos operacionais
        """,
    },
    ("risks", "Severity"): {
        "Critical": "Kritisch; Critique; Crítico, Crítica; Critico, Critica; Kritiek",
        "High": _HIGH,
        "Medium": _MEDIUM,
        "Low": _LOW,
    },
    ("risks", "Probability"): {"High": _HIGH, "Medium": _MEDIUM, "Low": _LOW},
    ("risks", "Status"): {
        "Open": "Offen; Ouvert, Ouverte; Abierto, Abierta; Aperto, Aperta; Aberto, Aberta",
        "Mitigating": """
            In Progress, In Mitigation, Under Mitigation, In Treatment; In Arbeit, In Behandlung, In Bearbeitung, In
            Minderung; En cours, En traitement, En cours de traitement, En cours d'atténuation; En curso, En
            tratamiento, En mitigación, Mitigando; In corso, In trattamento, In mitigazione; In behandeling; Em curso,
            Em tratamento, Em mitigação
        """,
        "Closed": """
            Geschlossen, Abgeschlossen, Erledigt; Fermé, Fermée, Clos, Close, Clôturé; Cerrado, Cerrada; Chiuso,
            Chiusa; Gesloten, Afgesloten; Fechado, Fechada, Encerrado, Encerrada
        """,
    },
    ("actions", "Source"): {
        "advisor": "Azure Advisor",
        "dq": """
            Data Quality; Datenqualität; Qualité des données; Calidad de datos; Qualità dei dati; Datakwaliteit,
            Gegevenskwaliteit; Qualidade dos dados, Qualidade de dados
        """,
        "manual": "Manuell; Manuel, Manuelle; Manuale; Handmatig",
    },
    ("actions", "Status"): {
        "Done": f"Finished; {_COMPLETED}; Fait, Faite; Hecho, Hecha; Fatto, Fatta; Feito, Feita",
        "Cancelled": """
            Abgebrochen, Storniert, Verworfen; Annulé, Annulée, Abandonné, Abandonnée; Cancelado, Cancelada, Anulado;
            Annullato, Annullata; Geannuleerd
        """,
    },
    ("projects", "Currency"): {"EUR": "€, Euro, Euros", "GBP": "£", "CHF": "SFr, Schweizer Franken", "PHP": "₱"},
}
"""Words that our rules and figures go by, for the columns that have any, and the teams' words for each."""

ANY_WORD = frozenset({("actions", "Status"), ("projects", "Currency")})
"""Columns that may hold other words than those above as well."""
