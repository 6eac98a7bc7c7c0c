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
