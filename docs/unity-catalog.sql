-- Derived from the contracts by `finance-ppm docs`: the tables in Unity Catalog.

CREATE SCHEMA IF NOT EXISTS main.bronze;
CREATE SCHEMA IF NOT EXISTS main.silver;
CREATE SCHEMA IF NOT EXISTS main.gold;
CREATE SCHEMA IF NOT EXISTS main.gold_history;

CREATE TABLE IF NOT EXISTS main.bronze.notion_raw_pages (
  page_id STRING NOT NULL COMMENT 'Notion page id; `unidentified:` and a hash where a page came without a usable one.',
  captured_at TIMESTAMP NOT NULL COMMENT 'When this version was read; later than any earlier version of the page.',
  database_id STRING NOT NULL COMMENT 'Notion database id.',
  database_name STRING NOT NULL COMMENT 'programs, projects, budget_lines, risks or actions.',
  created_time TIMESTAMP COMMENT 'The page\'s creation, floored to the minute by Notion.',
  last_edited_time TIMESTAMP COMMENT 'The page\'s last edit, floored to the minute by Notion.',
  content_hash STRING NOT NULL COMMENT 'SHA-256 of the page without what changes by itself (signed URLs, request ids, avatars).',
  is_deleted BOOLEAN NOT NULL COMMENT 'True for a tombstone: the page was confirmed to be in the trash or gone.',
  raw_payload STRING NOT NULL COMMENT 'The page as Notion sent it, JSON text, unchanged.',
  _ingestion_timestamp TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (page_id, captured_at)
)
USING DELTA
PARTITIONED BY (database_name)
COMMENT 'One version of a Notion page, appended when its content differs from the page\'s newest version. A confirmed deletion is a version too (``is_deleted``), and so is a restored page.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.notion_sync_watermarks (
  database_id STRING NOT NULL COMMENT 'Notion database id.',
  database_name STRING NOT NULL COMMENT 'programs, projects, budget_lines, risks or actions.',
  last_edited_time TIMESTAMP COMMENT 'The watermark: every edit before it has been read. The last complete read\'s start, to the minute; null until a first read is complete.',
  last_read_at TIMESTAMP COMMENT 'When the last complete read started.',
  last_full_read_at TIMESTAMP COMMENT 'When the last complete read of every page started.',
  page_count BIGINT COMMENT 'Pages in the database at the last full read.',
  schema_json STRING COMMENT 'The database\'s properties as last seen: JSON, name to id, type and options.',
  schema_read_at TIMESTAMP COMMENT 'When the schema was read; it is read at most hourly.',
  property_ids STRING NOT NULL COMMENT 'JSON: silver column to the ids of its Notion property, those of today first, one for each data source that has it, then earlier ones. An id survives a renamed property.',
  property_names STRING COMMENT 'JSON: silver column to the name its property is expected under, as messages say it.',
  property_words STRING COMMENT 'JSON: silver column to the team\'s words for ours, where the mapping file names any.',
  hidden STRING COMMENT 'JSON: the properties that were missing from the schema, each with the moment since which that may be so, and the moment until which it was; what pages show of them then, if it is empty, says nothing.',
  drift ARRAY<STRUCT<kind: STRING, property: STRING, found: STRING, columns: ARRAY<STRING>, message: STRING, since: TIMESTAMP>> COMMENT 'How the schema departs from what is expected, each with the moment it was first seen; the findings quote it.',
  last_attempt_at TIMESTAMP COMMENT 'When a read was last tried, whatever came of it.',
  last_error STRING COMMENT 'Why the last read did not come to its end; null where it did.',
  sweep_note STRING COMMENT 'Why the last full read did not take for deleted all of the known pages that were missing from it; null where nothing stood in the way.',
  unfinished STRING COMMENT 'JSON: a read cut short, with the spans of creation times whose pages are durable: the next read goes on from there. Null where there is none.',
  PRIMARY KEY (database_id)
)
USING DELTA
COMMENT 'The state of reading one Notion database: how far it was read completely, its schema as last seen, and how far a read that was cut short had come.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.erasures (
  page_id STRING NOT NULL COMMENT 'Notion page id.',
  requested_at TIMESTAMP NOT NULL COMMENT 'When erasing began.',
  forgotten_at TIMESTAMP COMMENT 'When nothing was left of it; null while erasing is not complete.',
  database_name STRING COMMENT 'The page\'s database; several are joined by `, `, null where none is known.',
  reason STRING COMMENT 'Why, in the words of whoever asked for it.',
  erased ARRAY<STRUCT<table_name: STRING, rows_erased: BIGINT, rows_blanked: BIGINT>> NOT NULL COMMENT 'What was erased of each table: rows of the page, which left it, and rows that quoted it, which stay without its words.',
  PRIMARY KEY (page_id, requested_at)
)
USING DELTA
COMMENT 'A page that was forgotten on request: when, why and how much was erased, and never what it said. The row is written when erasing begins and completed once nothing is left; no row ever leaves.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.azure_resources (
  captured_on DATE NOT NULL COMMENT 'The day (UTC) of the snapshot.',
  resource_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  resource_type STRING NOT NULL COMMENT 'Type, lower-cased: `microsoft.compute/virtualmachines`.',
  resource_group STRING COMMENT 'Resource group, lower-cased; null where it is in none.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  raw_payload STRING NOT NULL COMMENT 'The row as Azure sent it, JSON text, unchanged.',
  captured_at TIMESTAMP NOT NULL COMMENT 'When the row was read.',
  _ingestion_timestamp TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (captured_on, resource_id)
)
USING DELTA
PARTITIONED BY (captured_on)
COMMENT 'One resource, resource group or subscription on one day, as Resource Graph told it.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.azure_advisor (
  captured_on DATE NOT NULL COMMENT 'The day (UTC) of the snapshot.',
  record_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  record_type STRING NOT NULL COMMENT 'recommendation, suppression or configuration.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  source STRING NOT NULL COMMENT 'resource_graph, or advisor where Resource Graph may not be asked.',
  status STRING COMMENT 'Advisor\'s own status of a recommendation, lower-cased (`recommendationStatus`): new, inprogress, postponed, dismissed or completed; null where it does not say.',
  raw_payload STRING NOT NULL COMMENT 'The row as Azure sent it, JSON text, unchanged.',
  captured_at TIMESTAMP NOT NULL COMMENT 'When the row was read.',
  _ingestion_timestamp TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (captured_on, record_id)
)
USING DELTA
PARTITIONED BY (captured_on)
COMMENT 'One recommendation, suppression or configuration of Azure Advisor on one day, as it came.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.azure_snapshots (
  captured_on DATE NOT NULL COMMENT 'The day (UTC) of the snapshot.',
  dataset STRING NOT NULL COMMENT 'resources or advisor.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  subscription_name STRING COMMENT 'Its name; null where Azure does not show it.',
  complete BOOLEAN NOT NULL COMMENT 'Every row of the subscription was read.',
  row_count BIGINT NOT NULL COMMENT 'Rows stored for the subscription and day.',
  expected_count BIGINT COMMENT 'Rows that Azure counted; null where it was not asked.',
  reason STRING COMMENT 'Why the snapshot is not complete, in one sentence with the remedy.',
  captured_at TIMESTAMP NOT NULL COMMENT 'When the read ended.',
  PRIMARY KEY (captured_on, dataset, subscription_id)
)
USING DELTA
PARTITIONED BY (captured_on)
COMMENT 'How one subscription was read on one day: only a complete snapshot may resolve anything.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.bronze.fx_rates (
  currency STRING NOT NULL COMMENT 'ISO 4217 code of the currency that is quoted.',
  rate_date DATE NOT NULL COMMENT 'The day the rate is of.',
  captured_at TIMESTAMP NOT NULL COMMENT 'When this version was read.',
  rate DECIMAL(28, 12) COMMENT 'Units of the currency for one euro; null where a rate that was published before was withdrawn.',
  source STRING NOT NULL COMMENT 'Where it was read: the address or the file\'s name.',
  _ingestion_timestamp TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (currency, rate_date, captured_at)
)
USING DELTA
COMMENT 'The rate of one currency to the euro on one day, appended when it is new or differs from its newest version.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.notion_programs (
  program_id STRING NOT NULL COMMENT 'The program\'s page id.',
  name STRING NOT NULL COMMENT 'Program name; `(untitled)` where the page has none.',
  owner STRING COMMENT 'Program owner. Several people are joined by `, `; a person without a name is their id.',
  start_date DATE COMMENT 'First day of the program.',
  end_date DATE COMMENT 'Last day of the program.',
  status STRING COMMENT 'Active, On Hold or Completed.',
  description STRING COMMENT 'What the program is for.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  created_time TIMESTAMP COMMENT 'The page\'s creation in Notion.',
  created_quarter STRING NOT NULL COMMENT 'Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion, floored to the minute.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version of the page was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (program_id)
)
USING DELTA
PARTITIONED BY (created_quarter)
COMMENT 'A program: projects that serve one aim under one owner.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.notion_projects (
  project_id STRING NOT NULL COMMENT 'The project\'s page id.',
  program_id STRING COMMENT 'Page id of the parent program: the first, where several are given.',
  name STRING NOT NULL COMMENT 'Project name; `(untitled)` where the page has none.',
  budget_total DECIMAL(18, 2) COMMENT 'Total budget, in the project\'s currency.',
  currency STRING COMMENT 'ISO 4217 code of the project\'s currency, in capitals; null where none is given.',
  start_date DATE COMMENT 'First day of the project.',
  end_date DATE COMMENT 'Last day of the project.',
  status STRING COMMENT 'Planning, In Progress or Completed.',
  priority STRING COMMENT 'High, Medium or Low.',
  owner STRING COMMENT 'Project owner. Several people are joined by `, `; a person without a name is their id.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  created_time TIMESTAMP COMMENT 'The page\'s creation in Notion.',
  created_quarter STRING NOT NULL COMMENT 'Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion, floored to the minute.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version of the page was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (project_id)
)
USING DELTA
PARTITIONED BY (created_quarter)
COMMENT 'A project with its budget, in a currency of its own.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.notion_budget_lines (
  budget_line_id STRING NOT NULL COMMENT 'The line\'s page id.',
  name STRING NOT NULL COMMENT 'The line\'s title; `(untitled)` where the page has none.',
  project_id STRING COMMENT 'Page id of the project: the first, where several are given.',
  project_ids ARRAY<STRING> NOT NULL COMMENT 'Page ids of every project the line names, without repetition, in Notion\'s order; mostly one.',
  category STRING COMMENT 'CapEx or OpEx.',
  vendor STRING COMMENT 'Who is paid.',
  amount DECIMAL(18, 2) COMMENT 'Amount planned.',
  committed_date DATE COMMENT 'When the amount was committed.',
  invoice_date DATE COMMENT 'When it was invoiced.',
  paid_date DATE COMMENT 'When it was paid.',
  actual_amount DECIMAL(18, 2) COMMENT 'Amount spent; null is not zero.',
  notes STRING COMMENT 'Free text.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  created_time TIMESTAMP COMMENT 'The page\'s creation in Notion.',
  created_quarter STRING NOT NULL COMMENT 'Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion, floored to the minute.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version of the page was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (budget_line_id)
)
USING DELTA
PARTITIONED BY (created_quarter)
COMMENT 'A budget line: an amount planned, and what became of it. Amounts are in the project\'s currency.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.notion_risks (
  risk_id STRING NOT NULL COMMENT 'The risk\'s page id.',
  project_id STRING COMMENT 'Page id of the project: the first, where several are given.',
  title STRING NOT NULL COMMENT 'Risk title; `(untitled)` where the page has none.',
  severity STRING COMMENT 'Critical, High, Medium or Low.',
  probability STRING COMMENT 'High, Medium or Low.',
  status STRING COMMENT 'Open, Mitigating or Closed.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  created_time TIMESTAMP COMMENT 'The page\'s creation in Notion.',
  created_quarter STRING NOT NULL COMMENT 'Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion, floored to the minute.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version of the page was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (risk_id)
)
USING DELTA
PARTITIONED BY (created_quarter)
COMMENT 'A risk of a project.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.notion_actions (
  action_id STRING NOT NULL COMMENT 'The action\'s page id.',
  project_id STRING COMMENT 'Page id of the project: the first, where several are given.',
  title STRING NOT NULL COMMENT 'What is to be done; `(untitled)` where the page has none.',
  assignee STRING COMMENT 'Who does it. Several people are joined by `, `; a person without a name is their id.',
  due_date DATE COMMENT 'By when.',
  source STRING COMMENT 'advisor, dq or manual.',
  source_id STRING COMMENT 'Id of the recommendation or finding it comes from.',
  status STRING COMMENT 'State of the action.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  created_time TIMESTAMP COMMENT 'The page\'s creation in Notion.',
  created_quarter STRING NOT NULL COMMENT 'Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion, floored to the minute.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version of the page was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (action_id)
)
USING DELTA
PARTITIONED BY (created_quarter)
COMMENT 'Something to be done about a project.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.quarantine (
  database_name STRING NOT NULL COMMENT 'programs, projects, budget_lines, risks or actions.',
  page_id STRING NOT NULL COMMENT 'The page\'s id.',
  rule STRING NOT NULL COMMENT 'The first hard rule it breaks.',
  column STRING COMMENT 'Silver column concerned; null where the whole page is.',
  value STRING COMMENT 'The value as it came, as text, at most 200 characters.',
  reason STRING NOT NULL COMMENT 'What is wrong, in one sentence.',
  name STRING COMMENT 'The page\'s title, where it could be read.',
  amount DECIMAL(18, 2) COMMENT 'Amount (budget lines) or Budget Total (projects), where it could be read: what the totals miss.',
  actual_amount DECIMAL(18, 2) COMMENT 'Actual Amount of a budget line, where it could be read.',
  is_archived BOOLEAN NOT NULL COMMENT 'The page is in Notion\'s trash or gone.',
  last_modified TIMESTAMP COMMENT 'The page\'s last edit in Notion.',
  synced_at TIMESTAMP NOT NULL COMMENT 'When this version was captured.',
  notion_url STRING COMMENT 'Link to the page in Notion, where it could be read.',
  property_map STRING COMMENT 'Digest of the property ids the row was read by: where these change, it is read again.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Cells of the page that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (database_name, page_id)
)
USING DELTA
COMMENT 'A page that a hard rule keeps out of its silver table, with the reason; it leaves when the page is mended.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.azure_resources (
  resource_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  name STRING NOT NULL COMMENT 'Its name.',
  resource_type STRING NOT NULL COMMENT 'Type, lower-cased; `microsoft.resources/subscriptions` and `microsoft.resources/subscriptions/resourcegroups` are the containers.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  subscription_name STRING COMMENT 'The subscription\'s name.',
  resource_group STRING COMMENT 'Resource group, lower-cased.',
  location STRING COMMENT 'Region, lower-cased without blanks.',
  sku STRING COMMENT 'Size or SKU, lower-cased: a machine\'s `hardwareProfile.vmSize`, else `sku.name`.',
  tags ARRAY<STRUCT<key: STRING, value: STRING, source: STRING>> NOT NULL COMMENT 'Tags in effect, by key: key lower-cased, value trimmed, and where it stands: resource, resource_group or subscription. The nearest wins; an empty value counts as absent.',
  project_tag STRING COMMENT 'Value in effect of the tag that names the project (PPM_AZURE_PROJECT_TAG).',
  project_tag_source STRING COMMENT 'Where that tag stands: resource, resource_group or subscription.',
  snapshot_on DATE NOT NULL COMMENT 'Day of the snapshot it is in.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Values of the row that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (resource_id)
)
USING DELTA
COMMENT 'A resource, resource group or subscription in the newest complete snapshot of its subscription.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.silver.azure_advisor_recommendations (
  recommendation_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  name STRING NOT NULL COMMENT 'The id\'s last part; suppressions name a recommendation by it.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  category STRING COMMENT 'Cost, HighAvailability, Security, Performance or OperationalExcellence.',
  impact STRING COMMENT 'High, Medium or Low.',
  risk STRING COMMENT 'Error, Warning or None.',
  recommendation_type_id STRING COMMENT 'Kind of recommendation, lower-cased.',
  problem STRING COMMENT 'What is wrong.',
  solution STRING COMMENT 'What Advisor recommends.',
  impacted_field STRING COMMENT 'Type of what is impacted, lower-cased.',
  impacted_value STRING COMMENT 'Name of what is impacted.',
  resource_id STRING COMMENT 'Id of what is impacted, lower-cased: the recommendation\'s `resourceMetadata.resourceId`, else the id it hangs on.',
  resource_group STRING COMMENT 'Resource group of that id, lower-cased.',
  kind STRING NOT NULL COMMENT 'right_size, shutdown, reservation, savings_plan, or other.',
  annual_savings DECIMAL(18, 2) COMMENT '`annualSavingsAmount`, in `savings_currency`; null where Azure does not say.',
  savings_currency STRING COMMENT 'ISO 4217 currency of the savings.',
  term STRING COMMENT 'Term of a commitment: P1Y or P3Y.',
  lookback_days INT COMMENT 'Days of usage a commitment is computed from.',
  scope STRING COMMENT 'Scope of a commitment, lower-cased: single or shared.',
  reserved_resource_type STRING COMMENT 'What is to be reserved, lower-cased: `virtualmachines`, ...',
  sku STRING COMMENT 'Size or SKU to be reserved, or that the machine has now; lower-cased.',
  target_sku STRING COMMENT 'Size a machine should have, lower-cased.',
  region STRING COMMENT 'Region, lower-cased without blanks.',
  quantity BIGINT COMMENT 'How many are to be reserved.',
  max_cpu DECIMAL(9, 2) COMMENT 'Highest CPU use seen, in percent (`MaxCpuP95`), rounded down.',
  cpu_threshold DECIMAL(9, 2) COMMENT 'CPU use below which the subscription\'s configuration asks for right-sizing, in percent.',
  excluded BOOLEAN NOT NULL COMMENT 'The configuration of the subscription or resource group excludes it.',
  tracked BOOLEAN COMMENT 'Advisor\'s own `tracked`.',
  suppressed BOOLEAN NOT NULL COMMENT 'A suppression that has not expired speaks of it, or Advisor\'s own status of it is dismissed, or postponed where no suppression tells until when.',
  suppressed_until TIMESTAMP COMMENT 'When the suppression ends; null where it is for ever, or there is none.',
  state STRING NOT NULL COMMENT 'new (seen on one day so far), active, reopened (it had been resolved), suppressed, or resolved.',
  first_seen DATE NOT NULL COMMENT 'First snapshot it was in; kept when it is reopened.',
  last_seen DATE NOT NULL COMMENT 'Last snapshot it was in.',
  seen_at TIMESTAMP COMMENT 'When the row that tells this was read.',
  reopened_on DATE COMMENT 'Day it came back after it had been resolved, the last time.',
  resolved_on DATE COMMENT 'First complete snapshot it was missing from, or completed in, since it was last seen.',
  resolution STRING COMMENT 'completed where Advisor marked it so after it was last seen; else resource_deleted where a complete inventory had the resource, and the first one since `resolved_on` is without it; else unverified.',
  last_updated TIMESTAMP COMMENT 'Advisor\'s own `lastUpdated`.',
  source STRING NOT NULL COMMENT 'resource_graph, or advisor where Resource Graph may not be asked.',
  snapshot_on DATE COMMENT 'Newest complete snapshot of the subscription; null where there never was one.',
  issues ARRAY<STRUCT<rule: STRING, column: STRING, value: STRING, message: STRING>> NOT NULL COMMENT 'Values of the row that could not be read as they stand; the findings quote them.',
  PRIMARY KEY (recommendation_id)
)
USING DELTA
COMMENT 'A recommendation of Azure Advisor that was ever seen, with what became of it. One that Advisor marks completed counts as not seen.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_budget_vs_actual (
  metric_id STRING NOT NULL COMMENT 'Metric, dimension, member, period and unit joined by `|` (`budget|vendor|Acme|2026-11-01|USD`); `%` and `|` within a name are written `%25` and `%7C`.',
  metric_name STRING NOT NULL COMMENT 'budget, committed, actual or variance (budget less actual: positive is favourable).',
  dimension STRING NOT NULL COMMENT 'portfolio, program, project, category or vendor.',
  dimension_id STRING NOT NULL COMMENT 'The member\'s page id; for categories and vendors its name; `portfolio`, `(unassigned)`, `(none)` or `(reserve)` otherwise.',
  dimension_value STRING NOT NULL COMMENT 'The member\'s name; `Unassigned` for lines of no known project.',
  period DATE NOT NULL COMMENT 'First day of the month; 1900-01-01 for amounts that belong to no month.',
  period_label STRING NOT NULL COMMENT '`2026-11`, or `undated`.',
  value DECIMAL(38, 2) NOT NULL COMMENT 'The amount, in `unit`.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency; `XXX` (no currency) where the project or its currency is unknown.',
  line_count BIGINT NOT NULL COMMENT 'Budget lines in the cell.',
  excluded_value DECIMAL(38, 2) NOT NULL COMMENT 'Actual amounts dated after the as-of day (`future_actual`): in the source, not in `value`.',
  excluded_count BIGINT NOT NULL COMMENT 'Budget lines so excluded.',
  fiscal_year INT COMMENT 'The fiscal year (PPM_FISCAL_YEAR_START), named after the year it ends in; null if undated.',
  reporting_unit STRING COMMENT 'The reporting currency (PPM_REPORTING_CURRENCY).',
  reporting_value DECIMAL(38, 2) COMMENT '`value` in the reporting currency: budget at the budget rate, actuals at the average rate of their month, commitments at the closing rate; without what has no rate.',
  constant_value DECIMAL(38, 2) COMMENT 'The same amounts at the budget rate.',
  fx_value DECIMAL(38, 2) COMMENT 'What exchange rates did: reporting less constant value.',
  reporting_excluded_value DECIMAL(38, 2) COMMENT 'What of `value`, in `unit`, is left out of `reporting_value` for want of a rate.',
  reporting_excluded_count BIGINT COMMENT 'Amounts so left out: a line\'s amount of the metric, a project\'s reserve.',
  reporting_excluded_reasons STRING COMMENT 'Why, in this order, joined by `, `: unknown_currency, no_budget_rate, no_rate, too_large.',
  stale_rate_count BIGINT COMMENT 'Amounts converted at a rate more than 7 days older than its day.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (metric_id)
)
USING DELTA
COMMENT 'One cell: a metric of one dimension member in one month, in one currency. Cells add up; ratios are never here.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.data_quality_issues (
  issue_id STRING NOT NULL COMMENT 'SHA-256 of rule, table, row, column and value.',
  rule STRING NOT NULL COMMENT 'The broken rule.',
  severity STRING NOT NULL COMMENT 'ERROR, WARN or INFO.',
  table_name STRING NOT NULL COMMENT 'The table concerned, `layer/table`.',
  row_id STRING COMMENT 'Key of the row: a page id, or a database name.',
  row_name STRING COMMENT 'The row\'s title, for people.',
  project_id STRING COMMENT 'Project the row belongs to, where it has one.',
  column_name STRING COMMENT 'The column concerned.',
  value STRING COMMENT 'The value as it stands, as text.',
  message STRING NOT NULL COMMENT 'What is wrong, in one sentence.',
  remedy STRING NOT NULL COMMENT 'What to do about it.',
  owner STRING NOT NULL COMMENT 'Who looks after the rule.',
  quarantined BOOLEAN NOT NULL COMMENT 'The rule is hard: the row is kept out of its silver table.',
  notion_url STRING COMMENT 'Link to the page in Notion.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  detected_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (issue_id)
)
USING DELTA
COMMENT 'One finding: a row that breaks a rule, with what to do about it.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.data_quality_metrics (
  rule STRING NOT NULL COMMENT 'The rule.',
  description STRING NOT NULL COMMENT 'What the rule asks.',
  severity STRING NOT NULL COMMENT 'ERROR, WARN or INFO.',
  table_name STRING NOT NULL COMMENT 'The table it looks at, `layer/table`.',
  owner STRING NOT NULL COMMENT 'Who looks after the rule.',
  rows_checked BIGINT NOT NULL COMMENT 'Rows the rule looked at.',
  rows_failing BIGINT NOT NULL COMMENT 'Rows that break it.',
  passed BOOLEAN NOT NULL COMMENT 'No row breaks it.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (rule)
)
USING DELTA
COMMENT 'How one rule fared on one day.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.control_room_status (
  job_id STRING NOT NULL COMMENT 'The job\'s name in Dagster.',
  job_name STRING NOT NULL COMMENT 'The job\'s name for people.',
  last_run_id STRING COMMENT 'Dagster\'s id of the last run.',
  last_run_status STRING NOT NULL COMMENT 'SUCCESS, FAILED, RUNNING, or PENDING where it never ran.',
  last_run_time TIMESTAMP COMMENT 'When the last run started.',
  last_run_duration_seconds INT COMMENT 'Whole seconds; null while it runs.',
  next_run_time TIMESTAMP COMMENT 'When the schedule runs it next.',
  error_message STRING COMMENT 'First line of the error, where the last run failed.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (job_id)
)
USING DELTA
COMMENT 'How one scheduled job fared last, and when it runs next.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_forecast (
  project_id STRING NOT NULL COMMENT 'The project\'s page id; `(unassigned)` for lines of no live project.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency of the figures; `XXX` (no currency) where it is unknown.',
  project_name STRING NOT NULL COMMENT 'The project\'s name.',
  program_id STRING NOT NULL COMMENT 'Page id of its live program, or `(unassigned)`.',
  status STRING COMMENT 'The project\'s status.',
  start_date DATE COMMENT 'First day.',
  end_date DATE COMMENT 'Last day.',
  line_count BIGINT NOT NULL COMMENT 'Live budget lines with a share in the project.',
  line_total DECIMAL(38, 2) NOT NULL COMMENT 'L: what the lines add up to.',
  bac DECIMAL(38, 2) COMMENT 'Budget at completion: Budget Total if above 0, else L if above 0.',
  bac_source STRING COMMENT '`budget_total` or `lines`.',
  reserve DECIMAL(38, 2) COMMENT 'U = BAC - L: negative where the lines exceed the total.',
  ac DECIMAL(38, 2) NOT NULL COMMENT 'Actual cost to date, undated actuals included.',
  paid DECIMAL(38, 2) NOT NULL COMMENT 'Of it paid.',
  accrued DECIMAL(38, 2) NOT NULL COMMENT 'Of it invoiced, or of no date, and not paid: AC - paid.',
  undated_actual DECIMAL(38, 2) NOT NULL COMMENT 'Of AC what belongs to no month.',
  undated_actual_count BIGINT NOT NULL COMMENT 'Shares with an undated actual.',
  future_actual DECIMAL(38, 2) NOT NULL COMMENT 'Actuals dated after the as-of day: left out of AC.',
  future_actual_count BIGINT NOT NULL COMMENT 'Shares with such an actual.',
  oc DECIMAL(38, 2) NOT NULL COMMENT 'Open commitments.',
  available DECIMAL(38, 2) COMMENT 'BAC - AC - OC.',
  spent_ratio DOUBLE COMMENT 'AC / BAC.',
  consumed_ratio DOUBLE COMMENT '(AC + OC) / BAC.',
  elapsed DOUBLE COMMENT 'Share of the planned days that have passed, 0 to 1.',
  pv DECIMAL(38, 2) COMMENT 'Planned value at the as-of day: theoretical (straight line).',
  ev_line DECIMAL(38, 2) NOT NULL COMMENT 'Amounts of settled lines.',
  ac_settled DECIMAL(38, 2) NOT NULL COMMENT 'Actual cost of settled lines.',
  settled_coverage DOUBLE COMMENT 'Amounts of settled lines by L.',
  cpi_line_proxy DOUBLE COMMENT 'Amounts of settled lines by their actual cost: a stand-in, and not the CPI, which the source cannot tell. Null below 10 % coverage.',
  k DECIMAL(7, 6) NOT NULL COMMENT 'Factor by which planned amounts are expected to come out otherwise, 0.8 to 1.5.',
  eac DECIMAL(38, 2) NOT NULL COMMENT 'Estimate at completion.',
  etc DECIMAL(38, 2) NOT NULL COMMENT 'Estimate to complete: EAC - AC.',
  vac DECIMAL(38, 2) COMMENT 'Variance at completion: BAC - EAC.',
  eac_if_reserve_used DECIMAL(38, 2) COMMENT 'EAC + max(U, 0).',
  burn DECIMAL(38, 2) COMMENT 'Mean actual cost of the last three closed months.',
  runway_months DOUBLE COMMENT 'available / burn.',
  run_rate_eac DECIMAL(38, 2) COMMENT 'Cross-check: AC + burn for each month that is left.',
  methods_disagree BOOLEAN COMMENT 'The run-rate EAC is more than 15 % of BAC away from EAC.',
  settled_without_actual BIGINT NOT NULL COMMENT 'Settled shares without an actual amount: their amount stands in.',
  unspent_planned DECIMAL(38, 2) NOT NULL COMMENT 'In a completed project: planned amounts that left ETC.',
  days_late BIGINT COMMENT 'Days since the end date of a project that is past it and not Completed; null otherwise.',
  reporting_unit STRING NOT NULL COMMENT 'The reporting currency (PPM_REPORTING_CURRENCY).',
  bac_reporting DECIMAL(38, 2) COMMENT 'BAC at the budget rate.',
  ac_reporting DECIMAL(38, 2) COMMENT 'AC at the average rates of its months.',
  oc_reporting DECIMAL(38, 2) COMMENT 'OC at the closing rate.',
  etc_reporting DECIMAL(38, 2) COMMENT 'ETC at the closing rate: the sum of its months.',
  eac_reporting DECIMAL(38, 2) COMMENT 'AC + ETC in the reporting currency.',
  vac_reporting DECIMAL(38, 2) COMMENT 'BAC - EAC in the reporting currency.',
  eac_constant DECIMAL(38, 2) COMMENT 'EAC with every part at the budget rate.',
  fx_variance DECIMAL(38, 2) COMMENT 'What exchange rates did to VAC: EAC at constant currency less EAC. Negative where they cost.',
  stale_rate BOOLEAN NOT NULL COMMENT 'A rate more than 7 days older than its day was used.',
  unconverted_reason STRING COMMENT 'Why there are no reporting figures: unknown_currency, no_budget_rate, no_rate or too_large.',
  eac_low_80 DECIMAL(38, 2) COMMENT 'Lower bound of an interval that is to hold in 80 % of projects; see ppm_forecast_intervals.',
  eac_high_80 DECIMAL(38, 2) COMMENT 'Upper bound of it.',
  eac_low_90 DECIMAL(38, 2) COMMENT 'Lower bound of one that is to hold in 90 %.',
  eac_high_90 DECIMAL(38, 2) COMMENT 'Upper bound of it.',
  interval_n BIGINT NOT NULL COMMENT 'Completed projects behind the interval.',
  interval_reason STRING COMMENT 'Why there is no interval of 80 %, or none of 90 %; null where there are both.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (project_id, unit)
)
USING DELTA
COMMENT 'Where one project will end: what is budgeted, spent, committed and still to come, in its own currency and in the reporting currency.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_forecast_monthly (
  project_id STRING NOT NULL COMMENT 'The project\'s page id; `(unassigned)` for lines of no live project.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency of the figures; `XXX` (no currency) where it is unknown.',
  period DATE NOT NULL COMMENT 'First day of the month; 1900-01-01 for actuals that belong to no month.',
  period_label STRING NOT NULL COMMENT '`2026-11`, or `undated`.',
  fiscal_year INT COMMENT 'The fiscal year (PPM_FISCAL_YEAR_START), named after the calendar year it ends in.',
  is_closed BOOLEAN NOT NULL COMMENT 'The month is over: it lies before the as-of day\'s.',
  pv DECIMAL(38, 2) NOT NULL COMMENT 'Planned value of the month: theoretical (straight line).',
  ac DECIMAL(38, 2) NOT NULL COMMENT 'Actual cost of the month.',
  etc DECIMAL(38, 2) NOT NULL COMMENT 'Forecast of the month; the months of a project add up to its ETC.',
  reporting_unit STRING NOT NULL COMMENT 'The reporting currency.',
  ac_reporting DECIMAL(38, 2) COMMENT 'AC at the month\'s average rate.',
  etc_reporting DECIMAL(38, 2) COMMENT 'ETC at the closing rate.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (project_id, unit, period)
)
USING DELTA
COMMENT 'One month of one project: planned in a straight line, spent, and still to come. Months add up to the project.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_project_health (
  project_id STRING NOT NULL COMMENT 'The project\'s page id.',
  project_name STRING NOT NULL COMMENT 'The project\'s name.',
  program_id STRING NOT NULL COMMENT 'Page id of its live program, or `(unassigned)`.',
  status STRING COMMENT 'The project\'s status.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency of the project; `XXX` where it is unknown.',
  score DOUBLE COMMENT '0 to 100; null where nothing can be assessed.',
  rag STRING NOT NULL COMMENT 'red, amber, green, or grey (not assessable).',
  rag_reason STRING NOT NULL COMMENT 'Why, in words, with the threshold.',
  rag_rules ARRAY<STRING> NOT NULL COMMENT 'Names of the conditions that hold, the worst first.',
  coverage DOUBLE NOT NULL COMMENT 'Weight of the dimensions that could be scored, 0 to 1.',
  cost_score DOUBLE COMMENT '0 to 100.',
  schedule_score DOUBLE COMMENT '0 to 100.',
  risk_score DOUBLE COMMENT '0 to 100.',
  data_quality_score DOUBLE COMMENT '0 to 100.',
  cost_rag STRING NOT NULL COMMENT 'The dimension\'s colour.',
  schedule_rag STRING NOT NULL COMMENT 'The dimension\'s colour.',
  risk_rag STRING NOT NULL COMMENT 'The dimension\'s colour.',
  data_quality_rag STRING NOT NULL COMMENT 'The dimension\'s colour.',
  vac_ratio DOUBLE COMMENT 'VAC / BAC.',
  spend_ahead DOUBLE COMMENT 'Spent less elapsed, as a share: 0.1 is ten points ahead.',
  days_late BIGINT COMMENT 'Days past the end date; null where it is not.',
  risk_exposure DOUBLE NOT NULL COMMENT 'Sum over open risks of severity by probability.',
  open_risks BIGINT NOT NULL COMMENT 'Risks that are not closed.',
  error_findings BIGINT NOT NULL COMMENT 'Findings of severity ERROR on the project and its lines, risks and actions.',
  warn_findings BIGINT NOT NULL COMMENT 'Findings of severity WARN.',
  trend STRING COMMENT 'up, down or flat against earlier snapshots; null with fewer than three.',
  score_before DOUBLE COMMENT 'The score the trend compares with.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (project_id)
)
USING DELTA
COMMENT 'How one project stands: a score, a colour, and why. Thresholds: PPM_HEALTH_THRESHOLDS.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_forecast_accuracy (
  project_id STRING NOT NULL COMMENT 'The project\'s page id; `(portfolio)` for all projects of the currency that the forecast knew and that are still there.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency of the figures; `XXX` (no currency) where it is unknown.',
  forecast_month DATE NOT NULL COMMENT 'First day of the month in which the forecast was made.',
  project_name STRING NOT NULL COMMENT 'The project\'s name; `(portfolio)`.',
  forecast_date DATE NOT NULL COMMENT 'The day of the forecast: the last of the month that has a snapshot.',
  projects BIGINT NOT NULL COMMENT 'How many projects the row is of: 1, but for the portfolio.',
  months BIGINT NOT NULL COMMENT 'Closed months compared: those after the forecast\'s, up to the last that has any of both.',
  forecast DECIMAL(38, 2) NOT NULL COMMENT 'What was forecast of these months.',
  actual DECIMAL(38, 2) NOT NULL COMMENT 'What came in them, as known now.',
  error DECIMAL(38, 2) NOT NULL COMMENT 'Cumulative error: forecast - actual. Positive: too much was forecast.',
  bias DOUBLE COMMENT 'Error / actual, of credits without its sign: 0.1 is ten percent too much. Null where nothing came.',
  mean_absolute_error DECIMAL(38, 2) COMMENT 'Mean of the months\' errors without their signs.',
  mase DOUBLE COMMENT 'That mean by the one of \'as last month\' in the closed months before the forecast: below 1 is better. Null where that is 0. On lumpy invoices forecasting nothing has the best.',
  elapsed DOUBLE COMMENT 'How far the project was then, 0 to 1.',
  stage BIGINT COMMENT '25, 50 or 75: the percentage of its time that this forecast of a completed project stands for in intervals.',
  eac DECIMAL(38, 2) COMMENT 'EAC then.',
  final_ac DECIMAL(38, 2) COMMENT 'What the project came to, where it is completed since.',
  eac_error DECIMAL(38, 2) COMMENT 'EAC then - final AC. Positive: too much was forecast.',
  eac_error_ratio DOUBLE COMMENT 'The same by BAC then.',
  within_80 BOOLEAN COMMENT 'Final AC lies in the 80 % interval of then; null without either.',
  within_90 BOOLEAN COMMENT 'Final AC lies in the 90 % interval of then; null without either.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (project_id, unit, forecast_month)
)
USING DELTA
COMMENT 'What one month\'s forecast of one project was worth: what it said of the months since, and what came in them. A row speaks of a month\'s last snapshot. Cumulative error and bias come first. MASE stands beside them, and is a trap where invoices are lumpy: most months are then empty, and to forecast nothing at all has the best MASE.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_forecast_intervals (
  stage BIGINT NOT NULL COMMENT '25, 50 or 75: percent of a project\'s time that had passed.',
  level BIGINT NOT NULL COMMENT '80 or 90: percent of projects in which the interval is to hold.',
  completed BIGINT NOT NULL COMMENT 'n: completed projects whose error at this stage is known.',
  needed BIGINT NOT NULL COMMENT 'So many are needed for an interval.',
  low DECIMAL(10, 6) COMMENT '(final AC - EAC) / BAC at the lower bound, as of today; null with too few.',
  high DECIMAL(10, 6) COMMENT 'The same at the upper bound.',
  judged BIGINT NOT NULL COMMENT 'Completed projects that had such an interval at this stage.',
  held BIGINT NOT NULL COMMENT 'Of them those whose final AC lay in it.',
  observed DOUBLE COMMENT 'held / judged: the coverage observed, beside the nominal one of `level` percent.',
  reason STRING COMMENT 'Why there is no interval; null where there is one.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (stage, level)
)
USING DELTA
COMMENT 'How often an interval held: what it promises, and in how many completed projects the final cost lay in it. Each completed project is judged by the interval that was published at that stage, when its end was not known.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_month_closes (
  period DATE NOT NULL COMMENT 'First day of the closed month.',
  closed_at TIMESTAMP NOT NULL COMMENT 'When the month was closed.',
  period_label STRING NOT NULL COMMENT 'The month as `2026-10`.',
  closed_by STRING NOT NULL COMMENT 'Who closed it.',
  note STRING COMMENT 'A word on it by whoever closed it.',
  as_of_date DATE NOT NULL COMMENT 'The day whose figures were closed; its snapshots stay in gold_history for ever.',
  captured_until TIMESTAMP NOT NULL COMMENT 'The newest capture of a page behind the figures: what came later is news.',
  rates_until DATE COMMENT 'The newest day of which there was an exchange rate: what was published later changes no close.',
  reporting_unit STRING NOT NULL COMMENT 'The reporting currency of the close.',
  budget_reporting DECIMAL(38, 2) NOT NULL COMMENT 'Budget of the month in the reporting currency, without what had no rate.',
  committed_reporting DECIMAL(38, 2) NOT NULL COMMENT 'Open commitments of the month, likewise.',
  actual_reporting DECIMAL(38, 2) NOT NULL COMMENT 'Actual cost of the month, likewise.',
  figure_count BIGINT NOT NULL COMMENT 'Rows of the close in `ppm_month_close_lines`.',
  line_count BIGINT NOT NULL COMMENT 'Budget lines among them.',
  unconverted_count BIGINT NOT NULL COMMENT 'Rows that have no reporting value.',
  product_version STRING NOT NULL COMMENT 'Version of the product that computed the figures.',
  contract_version STRING NOT NULL COMMENT 'Digest of the columns of `ppm_budget_vs_actual` at the time.',
  PRIMARY KEY (period, closed_at)
)
USING DELTA
COMMENT 'A month that was closed: by whom, when, and what it came to. Of a month\'s several closes the newest counts.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_month_close_lines (
  period DATE NOT NULL COMMENT 'First day of the closed month.',
  closed_at TIMESTAMP NOT NULL COMMENT 'When the month was closed.',
  metric_name STRING NOT NULL COMMENT 'budget, committed or actual, as in `ppm_budget_vs_actual`.',
  budget_line_id STRING NOT NULL COMMENT 'The budget line\'s page id.',
  project_id STRING NOT NULL COMMENT 'The project\'s page id; `(unassigned)` for a line of no live project.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency of `value`; `XXX` where it was unknown.',
  line_name STRING NOT NULL COMMENT 'The line\'s title at the time.',
  project_name STRING NOT NULL COMMENT 'The project\'s name at the time; `Unassigned` for none.',
  program_id STRING NOT NULL COMMENT 'Page id of the project\'s live program, or `(unassigned)`.',
  category STRING NOT NULL COMMENT 'The line\'s category, or `(none)`.',
  vendor STRING NOT NULL COMMENT 'The line\'s vendor, or `(none)`.',
  value DECIMAL(38, 2) NOT NULL COMMENT 'The amount, in `unit`.',
  reporting_unit STRING NOT NULL COMMENT 'The reporting currency of the close.',
  reporting_value DECIMAL(38, 2) COMMENT 'The amount in the reporting currency; null without a rate.',
  as_of_date DATE NOT NULL COMMENT 'The day whose figures were closed.',
  PRIMARY KEY (period, closed_at, metric_name, budget_line_id, project_id, unit)
)
USING DELTA
COMMENT 'A budget line\'s part in a closed month, as it was reported: one project\'s share of one of its amounts.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.ppm_restatements (
  period DATE NOT NULL COMMENT 'First day of the closed month.',
  metric_name STRING NOT NULL COMMENT 'budget, committed or actual, as in `ppm_budget_vs_actual`.',
  budget_line_id STRING NOT NULL COMMENT 'The budget line\'s page id.',
  project_id STRING NOT NULL COMMENT 'The project\'s page id; `(unassigned)` for a line of no live project.',
  unit STRING NOT NULL COMMENT 'ISO 4217 currency; `XXX` where it is unknown.',
  presence STRING NOT NULL COMMENT 'both; reported where the share is no longer there, or under other members; current where it came.',
  period_label STRING NOT NULL COMMENT 'The month as `2026-10`.',
  closed_at TIMESTAMP NOT NULL COMMENT 'When the month was closed.',
  line_name STRING NOT NULL COMMENT 'The line\'s title as it is now, or was where the row speaks of what is gone.',
  project_name STRING NOT NULL COMMENT 'The project\'s name, likewise.',
  program_id STRING NOT NULL COMMENT 'Page id of the program the amounts count under.',
  category STRING NOT NULL COMMENT 'The category they count under.',
  vendor STRING NOT NULL COMMENT 'The vendor they count under.',
  reported DECIMAL(38, 2) NOT NULL COMMENT 'As reported, in `unit`; 0 where it was not there.',
  current DECIMAL(38, 2) NOT NULL COMMENT 'As it is now; 0 where it is not there.',
  difference DECIMAL(38, 2) NOT NULL COMMENT 'current - reported.',
  reporting_unit STRING NOT NULL COMMENT 'The reporting currency of the close.',
  reported_reporting DECIMAL(38, 2) COMMENT 'As reported, in the reporting currency of the close; null without a rate.',
  current_reporting DECIMAL(38, 2) COMMENT 'As it is now, by the rates of the close\'s days as they are known now; null without a rate.',
  difference_reporting DECIMAL(38, 2) NOT NULL COMMENT 'current_reporting - reported_reporting, where null counts as 0.',
  reason STRING NOT NULL COMMENT 'amount, spending, split, rate, month, project, category, vendor, program, currency, new_line, entered, archived, project_gone, absent, removed or settled.',
  explanation STRING NOT NULL COMMENT 'The reason in words.',
  close_as_of_date DATE NOT NULL COMMENT 'The day that both figures are as of.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (period, metric_name, budget_line_id, project_id, unit, presence)
)
USING DELTA
COMMENT 'A difference between a closed month as it was reported and the same month as of the same day, by what is known now: one line\'s share in one project. What was reported and the differences add up to what is current, in every month, program, project, category, vendor and currency.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.alerts (
  alert_id STRING NOT NULL COMMENT 'Hash of what is wrong and when it began; in every message.',
  kind STRING NOT NULL COMMENT 'check, run, freshness, metric, source or settings.',
  subject STRING NOT NULL COMMENT 'What it is about: an asset check, a job, a table, a threshold, a source, a file.',
  severity STRING NOT NULL COMMENT 'ERROR, WARN or INFO.',
  title STRING NOT NULL COMMENT 'What is wrong, in a few words.',
  detail STRING NOT NULL COMMENT 'The same in a sentence or two.',
  remedy STRING COMMENT 'What to do about it, where that is known.',
  tables ARRAY<STRING> NOT NULL COMMENT 'Tables concerned, `layer/table`.',
  links ARRAY<STRUCT<label: STRING, url: STRING>> NOT NULL COMMENT 'Where to look: the run, the check, the rows. The link to a row holds its id, and no words of it.',
  run_id STRING COMMENT 'The run of Dagster\'s that showed it, where one did.',
  started_at TIMESTAMP NOT NULL COMMENT 'When it was first seen; of a run, when that ended.',
  ended_at TIMESTAMP COMMENT 'When it was over; null while it lasts.',
  outcome STRING COMMENT 'How it ended: resolved (it is well again), eased (it is less grave now, which is an alert of its own), gone (what it was about is there no more); null while it lasts.',
  written_at TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (alert_id)
)
USING DELTA
COMMENT 'One episode of something being wrong: from when it was seen to when it was over. What is told of it is as it was at its start; a row changes once, when it ends.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.alert_deliveries (
  alert_id STRING NOT NULL COMMENT 'The alert.',
  event STRING NOT NULL COMMENT 'started or ended.',
  receiver STRING NOT NULL COMMENT 'slack, teams, webhook or email.',
  queued_at TIMESTAMP NOT NULL COMMENT 'When it became due.',
  status STRING NOT NULL COMMENT 'waiting (to be sent, or sent again), sent (the receiver took it), refused (the receiver will never take it as it is; `finance-ppm alerts resend` tries again).',
  message_id STRING COMMENT 'The message it is told in, the same at each attempt; several may share one. Null until the first attempt.',
  attempts INT NOT NULL COMMENT 'Attempts so far, one that is under way included.',
  last_attempt_at TIMESTAMP COMMENT 'When the last attempt began.',
  next_attempt_at TIMESTAMP COMMENT 'When it is tried again at the earliest; null unless it waits.',
  sent_at TIMESTAMP COMMENT 'When the receiver took it.',
  last_error STRING COMMENT 'Why the last attempt failed; null where it did not. Holds no address.',
  written_at TIMESTAMP NOT NULL COMMENT 'When the row was written.',
  PRIMARY KEY (alert_id, event, receiver)
)
USING DELTA
COMMENT 'What one receiver is told of one alert: that it started, or that it ended.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.azure_advisor_recs (
  recommendation_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  subscription_name STRING COMMENT 'The subscription\'s name.',
  category STRING COMMENT 'Cost, HighAvailability, Security, Performance or OperationalExcellence.',
  impact STRING COMMENT 'High, Medium or Low.',
  kind STRING NOT NULL COMMENT 'right_size, shutdown, reservation, savings_plan, or other.',
  problem STRING COMMENT 'What is wrong.',
  solution STRING COMMENT 'What Advisor recommends.',
  resource_id STRING COMMENT 'Id of what is impacted, lower-cased.',
  impacted_value STRING COMMENT 'Name of what is impacted.',
  project_id STRING COMMENT 'The project it belongs to, a Notion page id; null where there is none, or more than one: `gold/azure_advisor_allocations` tells their shares.',
  project_name STRING COMMENT 'The project\'s name.',
  project_link STRING COMMENT 'What leads to the project: the tag of its resource, resource_group or subscription; machines, where a commitment is spread over those it would cover; null where nothing does.',
  state STRING NOT NULL COMMENT 'new, active, reopened, suppressed or resolved.',
  first_seen DATE NOT NULL COMMENT 'First snapshot it was in.',
  age_days INT NOT NULL COMMENT 'Days from `first_seen` to the as-of day.',
  suppressed_until TIMESTAMP COMMENT 'When the suppression ends; null where it is for ever.',
  exclusive_group STRING COMMENT 'Recommendations of which not all can be had bear the same group; null where it excludes nothing.',
  chosen BOOLEAN NOT NULL COMMENT 'Counted in the achievable maximum, wholly or in part.',
  chosen_conservative BOOLEAN NOT NULL COMMENT 'Counted in the conservative figure, wholly or in part.',
  reason STRING NOT NULL COMMENT 'Why it is counted, counted in part, or not, in one sentence.',
  basis STRING COMMENT 'What the savings are reckoned from: retail (prices of the price list) or actual (the rates that are paid); null without savings.',
  annual_savings DECIMAL(18, 2) COMMENT 'Savings a year as Azure tells them, in `currency`; null: unknown, which is not nothing.',
  currency STRING NOT NULL COMMENT 'ISO 4217 currency of the savings; `XXX` (no currency) where Azure does not say: none count.',
  achievable_conservative DECIMAL(18, 2) NOT NULL COMMENT 'What of it may be added up where commitments count with one-year terms and 30 days of usage only.',
  achievable_maximum DECIMAL(18, 2) NOT NULL COMMENT 'What of it may be added up where the best of each offer is taken.',
  snapshot_on DATE COMMENT 'Newest complete snapshot of the subscription.',
  snapshot_age_days INT COMMENT 'Days from that snapshot to the as-of day.',
  portal_url STRING COMMENT 'Link to what is impacted in the Azure portal.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (recommendation_id)
)
USING DELTA
COMMENT 'A recommendation as of a day: whose it is, and what of its savings may be counted, and why.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.azure_advisor_allocations (
  recommendation_id STRING NOT NULL COMMENT 'Azure\'s id, lower-cased.',
  project_id STRING NOT NULL COMMENT 'Notion page id of the project; `(unallocated)` where nothing leads to one.',
  project_name STRING NOT NULL COMMENT 'The project\'s name; `Unallocated`.',
  subscription_id STRING NOT NULL COMMENT 'Subscription, lower-cased.',
  category STRING COMMENT 'The recommendation\'s category.',
  machines BIGINT COMMENT 'Matching machines of the project, where a commitment is spread over machines.',
  currency STRING NOT NULL COMMENT 'ISO 4217 currency; `XXX` where Azure does not say.',
  annual_savings DECIMAL(18, 2) COMMENT 'Share of `annual_savings`; null where that is unknown.',
  achievable_conservative DECIMAL(18, 2) NOT NULL COMMENT 'Share of `achievable_conservative`.',
  achievable_maximum DECIMAL(18, 2) NOT NULL COMMENT 'Share of `achievable_maximum`.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (recommendation_id, project_id)
)
USING DELTA
COMMENT 'A project\'s share of one recommendation\'s savings. Shares add up to the recommendation, to the cent.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');

CREATE TABLE IF NOT EXISTS main.gold.advisor_summary (
  summary_id STRING NOT NULL COMMENT 'Dimension, member and currency, joined by `|`.',
  dimension STRING NOT NULL COMMENT 'all, category, impact, project or subscription.',
  dimension_id STRING NOT NULL COMMENT 'The member\'s id or name; `all`, `(none)` or `(unallocated)` otherwise.',
  dimension_value STRING NOT NULL COMMENT 'The member\'s name.',
  currency STRING NOT NULL COMMENT 'ISO 4217 currency; `XXX` for recommendations without one, of which counts alone are summed.',
  open_count BIGINT NOT NULL COMMENT 'Recommendations that are new, active or reopened.',
  new_count BIGINT NOT NULL COMMENT 'Those of them that are new.',
  suppressed_count BIGINT NOT NULL COMMENT 'Suppressed ones.',
  resolved_count BIGINT NOT NULL COMMENT 'Resolved ones.',
  unknown_count BIGINT NOT NULL COMMENT 'Open ones of cost that would count (not excluded, not stale, ...) if their savings were known: Azure does not tell the amount so that it can be read, or tells no currency.',
  gross_annual_savings DECIMAL(38, 2) NOT NULL COMMENT 'Sum over open recommendations, for audit only: it counts what excludes each other, and cannot be had. Amounts without a currency are left out, since they may be unlike: 0 in `XXX`.',
  achievable_conservative DECIMAL(38, 2) NOT NULL COMMENT 'What can be had a year, where commitments count with one-year terms and 30 days of usage only. Of one project it may be more than the maximum, where another offer of the subscription is the best.',
  achievable_maximum DECIMAL(38, 2) NOT NULL COMMENT 'What can be had a year, where the best of each offer is taken.',
  oldest_snapshot_on DATE COMMENT 'Oldest of the snapshots the row is made from; null where there is none.',
  as_of_date DATE NOT NULL COMMENT 'The day the row speaks of, as that day saw it.',
  computed_at TIMESTAMP NOT NULL COMMENT 'When the row was computed.',
  PRIMARY KEY (summary_id)
)
USING DELTA
COMMENT 'One member of one dimension in one currency: how many recommendations, and what they can save a year. Each dimension adds up to `all`, in every column but the counts of projects: a commitment spread over three projects is a recommendation to each of them.'
TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 30 days', 'delta.deletedFileRetentionDuration' = 'interval 30 days');
