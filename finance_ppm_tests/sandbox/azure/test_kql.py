"""The language alone: queries over rows in memory."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_ppm.sandbox.azure.kql.errors import QueryError
from finance_ppm.sandbox.azure.kql.parser import parse
from finance_ppm.sandbox.azure.kql.pipeline import Query
from finance_ppm.sandbox.azure.kql.values import Type
from finance_ppm_tests.sandbox.azure.estates import NOW

COLUMNS = {"id": Type.STRING, "kind": Type.STRING, "tags": Type.OBJECT, "properties": Type.OBJECT}
TABLES = {"resources": COLUMNS, "advisorresources": COLUMNS}


def row(number: int, kind: str = "", tags: Any = None, **properties: Any) -> dict[str, Any]:
    return {"id": f"/r/{number}", "kind": kind, "tags": tags, "properties": properties}


ROWS = [
    row(1, "Linux", {"env": "Prod", "Owner": "Ann"}, size=2, cost="10.5", on=True, when="2025-02-28T06:30:00.1234567Z"),
    row(2, "windows", {"env": "dev"}, size=8, cost="3", on=False, when="2025-02-20T00:00:00Z", list=["a", "b"]),
    row(3, "linux-app", None, cost="", nested={"deep": {"x": "y"}}),
    row(4, "Linux", {}, size=2, cost="7"),
]


def parsed(text: str, now: datetime = NOW) -> Query:
    return parse(text, TABLES, default="resources", now=now)


def run(text: str, rows: Iterable[dict[str, Any]] = ROWS) -> list[dict[str, Any]]:
    given_rows = list(rows)
    return list(parsed(text).run(lambda _: given_rows))


def numbers(text: str) -> str:
    """Which of the four rows a query gives, in its order."""
    return "".join(found["id"][-1] for found in run(text))


def value(expression: str, of: int = 0) -> Any:
    return run(f"project it = {expression}", [ROWS[of]])[0]["it"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("kind == 'Linux'", "14"),
        ("kind == 'linux'", ""),
        ("kind =~ 'LINUX'", "14"),
        ("kind != 'Linux'", "23"),
        ("kind !~ 'linux'", "23"),
        ("kind in ('Linux', \"windows\")", "124"),
        ("kind in~ ('LINUX')", "14"),
        ("kind !in ('Linux')", "23"),
        ("kind !in~ ('LINUX', 'WINDOWS')", "3"),
        ("kind contains 'NUX'", "134"),
        ("kind !contains 'nux'", "2"),
        ("kind has 'linux'", "134"),
        ("kind has 'lin'", ""),
        ("kind !has 'APP'", "124"),
        ("kind startswith 'lin'", "134"),
        ("kind !startswith 'LIN'", "2"),
        ("kind endswith 'APP'", "3"),
        ("kind !endswith 'app'", "124"),
        ("properties.size == 2", "14"),
        ("properties.size > 2", "2"),
        ("properties.size >= 2 and properties.size <= 8", "124"),
        ("properties.size < 2", ""),
        ("toreal(properties.cost) > 5", "14"),
        ("toint(properties.cost) == 10", "1"),
        ("properties.on == true", "1"),
        ("properties.on =~ 'TRUE'", "1"),
        ("properties.on == 'false'", "2"),
        ("properties.nested.deep.x == 'y'", "3"),
        ("properties['nested']['deep'].x == 'y'", "3"),
        ("tags['env'] =~ 'prod'", "1"),
        ("tags.env == 'dev'", "2"),
        ("tags['owner'] == 'Ann'", ""),
        ("isnull(tags)", "3"),
        ("isnotnull(properties.size)", "124"),
        ("isempty(tags)", "34"),
        ("isempty(properties.cost)", "3"),
        ("isnotempty(tags['env'])", "12"),
        ("not(kind == 'Linux')", "23"),
        ("kind == 'Linux' and properties.cost == '7' or kind == 'windows'", "24"),
        ("kind == 'Linux' and (properties.cost == '7' or kind == 'windows')", "4"),
        ("todatetime(properties.when) > ago(3d)", "1"),
        ("todatetime(properties.when) < ago(3d)", "2"),
        ("todatetime(properties.when) >= datetime(2025-02-28T06:30:00Z)", "1"),
        ("todatetime(properties.when) >= datetime(2025-02-20) and now() > todatetime(properties.when)", "12"),
        ("properties.list[0] == 'a' and properties.list[-1] == 'b'", "2"),
        ("properties.size != 2", "23"),
        ("tags.none == properties.none or tags.none != properties.none", ""),
        ("properties.on == properties.size", ""),
        ("properties.size + 1 == 9 and properties.size * 2 - 6 / 3 == 14", "2"),
    ],
)
def test_where(condition: str, expected: str) -> None:
    assert numbers(f"resources | where {condition}") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tostring(properties.size)", "2"),
        ("tostring(properties.on)", "true"),
        ("tostring(properties.missing)", ""),
        ("tolower(kind)", "linux"),
        ("toupper(kind)", "LINUX"),
        ("toint('12.9')", 12),
        ("toint('x')", None),
        ("toreal(properties.cost)", 10.5),
        ("tobool('TRUE')", True),
        ("strcat(kind, '/', properties.size)", "Linux/2"),
        ("split(id, '/')[2]", "1"),
        ("array_length(split(id, '/'))", 3),
        ("iff(properties.size == 2, 'two', 'more')", "two"),
        ("case(properties.size == 1, 'one', properties.size == 2, 'two', 'more')", "two"),
        ("coalesce(properties.missing, properties.cost)", "10.5"),
        ("strcmp('a', 'b')", -1),
        ("bin(10.57, 0.1)", 10.5),
        ("round(10.57, 1)", 10.6),
        ("parse_json('{\"a\": 1}').a", 1),
        ("strlen(kind)", 5),
        (r"'it\'s'", "it's"),
        (r"@'a\b'", r"a\b"),
        ("-3 + 1", -2),
        ("1 / 0", None),
        ("now()", NOW),
    ],
)
def test_a_function_of_a_row(expression: str, expected: Any) -> None:
    assert value(expression) == expected


def test_a_time_is_read_whatever_its_fractions() -> None:
    assert value("todatetime(properties.when)") == datetime(2025, 2, 28, 6, 30, 0, 123456, tzinfo=UTC)
    assert value("todatetime('never')") is None


def test_columns_are_chosen_added_and_dropped() -> None:
    assert run("project id, size = toint(properties.size), tags['env'] | limit 1") == [
        {"id": "/r/1", "size": 2, "tags_env": "Prod"}
    ]
    assert list(run("extend x = 1 | project-away tags, properties")[0]) == ["id", "kind", "x"]
    assert run("extend kind = tolower(kind) | project kind | distinct kind") == [
        {"kind": "linux"},
        {"kind": "windows"},
        {"kind": "linux-app"},
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("order by id asc", "1234"),
        ("sort by id", "4321"),
        ("order by kind asc, id desc", "4132"),
        ("order by toint(properties.size) asc", "3142"),
        ("order by properties.size desc, id asc", "2143"),
        ("top 2 by id", "43"),
        ("top 2 by id asc", "12"),
        ("order by id desc | limit 1", "4"),
        ("order by id desc | where kind == 'Linux'", "41"),
        ("order by id desc | order by kind asc", "4132"),
    ],
)
def test_order(order: str, expected: str) -> None:
    assert numbers(f"resources | {order}") == expected


def test_summaries() -> None:
    assert run("summarize count() by kind | order by kind asc") == [
        {"kind": "Linux", "count_": 2},
        {"kind": "linux-app", "count_": 1},
        {"kind": "windows", "count_": 1},
    ]
    assert run(
        "extend cost = toreal(properties.cost) | summarize n = count(), sum(cost), min(id), max(id), avg(cost)"
    ) == [{"n": 4, "sum_cost": 20.5, "min_id": "/r/1", "max_id": "/r/4", "avg_cost": pytest.approx(20.5 / 3)}]
    assert run("summarize kinds = dcount(kind), big = countif(properties.size > 2)") == [{"kinds": 3, "big": 1}]
    assert run("summarize total = bin(sum(toreal(properties.cost)), 10)") == [{"total": 20}]
    assert run("summarize by kind | count") == [{"Count": 3}]
    assert run("where kind == 'none' | summarize count()") == [{"count_": 0}]
    assert run("where kind == 'none' | summarize count() by kind") == []
    assert run("where kind == 'Linux' | count") == [{"Count": 2}]


def test_joins() -> None:
    right = "(resources | where id != '/r/2' | project kind, other = id)"
    assert run(f"project id, kind | join kind=inner {right} on kind | project id, other") == [
        {"id": "/r/1", "other": "/r/1"},
        {"id": "/r/1", "other": "/r/4"},
        {"id": "/r/3", "other": "/r/3"},
        {"id": "/r/4", "other": "/r/1"},
        {"id": "/r/4", "other": "/r/4"},
    ]
    assert run(f"where id == '/r/2' | project id, kind | join kind = leftouter {right} on kind") == [
        {"id": "/r/2", "kind": "windows", "kind1": "", "other": ""}
    ]
    assert run(f"project id | join kind=inner {right} on $left.id == $right.other | count") == [{"Count": 3}]
    assert len(run("project kind | join (resources | project kind, id) on kind")) == 4, (
        "one row of each key on the left"
    )


def test_microsofts_query_of_active_recommendations() -> None:
    """Its shape: suppressions by name and configurations by subscription, joined to recommendations."""
    rows: list[dict[str, Any]] = [
        {"id": "/s/1/recommendations/a", "kind": "recommendation", "tags": None, "properties": {"cost": "12"}},
        {"id": "/s/1/recommendations/b", "kind": "recommendation", "tags": None, "properties": {"cost": "5"}},
        {"id": "/s/1/recommendations/c", "kind": "recommendation", "tags": None, "properties": {"tracked": True}},
        row(9, "suppression", ttl="-1"),
        {
            "id": "/s/1/recommendations/a/suppressions/x",
            "kind": "suppression",
            "tags": None,
            "properties": {"ttl": "-1"},
        },
    ]
    text = """
    advisorresources // what Advisor says
    | where kind == 'recommendation' and properties.tracked !~ 'true'
    | extend key = tostring(split(id, '/')[4])
    | join kind = leftouter (
        advisorresources
        | where kind =~ 'SUPPRESSION'
        | extend tokens = split(id, '/')
        | extend key = iff(array_length(tokens) > 3, tokens[(array_length(tokens) - 3)], '')
        | extend ends = todatetime(iff(strcmp(tostring(properties.ttl), '-1') == 0, '9999-12-31', properties.ends))
        | where ends > now()
        | project key, ends
      ) on key
    | where isempty(ends)
    | summarize saved = sum(todouble(properties.cost))
    """
    assert run(text, rows) == [{"saved": 5.0}]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "project id | where where",
            {"code": "ParserFailure", "line": 1, "characterPositionInLine": 24, "token": "<EOF>"},
        ),
        ("resources\n| where kind ==\n| count", {"line": 3, "characterPositionInLine": 0, "token": "|"}),
        ("resources | where kind == 'a", {"characterPositionInLine": 26, "token": "'"}),
        ("resources | where (kind == 'a'", {"token": "<EOF>", "expectedToken": ")"}),
        ("resources | where kind between 1", {"token": "between"}),
        ("resources | where kind == 'it''s'", {"token": "'s'"}),
        ("resources | limit many", {"characterPositionInLine": 18, "token": "many"}),
        ("resources where true", {"characterPositionInLine": 10, "token": "where"}),
        ("resources | order id", {"token": "id", "expectedToken": "by"}),
        ("resources | where tostring()", {"token": "tostring"}),
        ("resources | where nothing == 1", {"code": "InvalidColumnNames", "token": "nothing"}),
        ("resources | project id | where kind == ''", {"code": "InvalidColumnNames", "token": "kind"}),
        ("resources | parse id with *", {"code": "InvalidQueryLanguage", "token": "parse", "line": -1}),
        ("mv-expand tags", {"code": "InvalidQueryLanguage", "token": "mv-expand"}),
        ("resources | where magic(id)", {"code": "InvalidQueryLanguage", "token": "magic"}),
        ("resources | where kind !like 'a'", {"code": "InvalidQueryLanguage", "token": "!like"}),
        ("resources | where sum(1) == 1", {"code": "InvalidQueryLanguage", "token": "sum"}),
        ("somethings | count", {"code": "DisallowedLogicalTableName"}),
        ("resources | join kind=rightouter (resources) on id", {"code": "ParserFailure", "token": "rightouter"}),
        ("resources | join (resources | project id) on kind", {"code": "InvalidColumnNames", "token": "kind"}),
    ],
)
def test_what_is_no_query_is_refused_where_it_fails(text: str, detail: dict[str, Any]) -> None:
    with pytest.raises(QueryError) as refused:
        parsed(text)
    assert refused.value.detail | detail == refused.value.detail


@given(st.text())
def test_any_text_is_a_query_or_refused(text: str) -> None:
    with suppress(QueryError):
        list(parsed(text).run(lambda _: ROWS))


@given(st.lists(st.sampled_from(["where", "kind", "==", "'x'", "|", "project", "(", ")", "by", "order", "count", ","])))
def test_any_words_are_a_query_or_refused(words: list[str]) -> None:
    with suppress(QueryError):
        list(parsed(" ".join(words)).run(lambda _: ROWS))


def test_a_query_knows_whether_it_depends_on_the_clock() -> None:
    assert parsed("where todatetime(properties.when) > ago(1d)").uses_clock
    assert parsed("join (resources | where now() > now()) on id").uses_clock
    assert not parsed("where kind == 'now()'").uses_clock


def test_columns_have_types() -> None:
    columns = parsed(
        "project id, n = toint(kind), t = now(), p = properties.x, b = id == '', s = iff(true, id, '')"
    ).columns
    assert columns == {"id": "string", "n": "integer", "t": "datetime", "p": "object", "b": "boolean", "s": "string"}
