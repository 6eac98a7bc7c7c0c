"""One test on every engine: frames go in as Polars, run on Polars, DuckDB or PySpark, and come out as Polars.

Belongs here: the three engines, getting frames in and out of them unchanged, and the one Spark session of a
test process. Does not belong here: what any table should hold.

A test module that wants the fixtures without a conftest imports them::

    from finance_ppm_tests.engines import Engine, engine, spark_session  # noqa: F401 - fixtures
"""

import os
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest

from finance_ppm.contracts import Table, content_columns, stamp_columns
from finance_ppm.transforms.portfolio import Frame

SPARK_REMEDY = "needs Java 17 (apt-get install default-jre-headless) and pyspark"


class Engine(ABC):
    """Runs lazy frames: ``engine.collect(transform(engine.lazy(frame), ...), Contract)``."""

    name: str

    @abstractmethod
    def lazy(self, frame: pl.DataFrame) -> Frame:
        """``frame`` as this engine's lazy frame: same columns, types, nulls, lists and structs."""

    def collect(self, frame: Frame, table: type[Table] | None = None) -> pl.DataFrame:
        """``frame`` computed, as Polars, in an order that does not depend on the engine.

        With a contract the columns must be the contract's, in its order and of its types (stamps may be left
        out), and rows come sorted by the contract's key; without one they are sorted by every flat column.
        """
        collected = frame.collect(backend="polars").to_native()
        assert isinstance(collected, pl.DataFrame)
        if table is None:
            return collected.sort([name for name, dtype in collected.schema.items() if not dtype.is_nested()])
        assert_conforms(collected, table)
        return collected.sort(table.primary_key())


class PolarsEngine(Engine):
    """Polars' lazy frames."""

    name = "polars"

    def lazy(self, frame: pl.DataFrame) -> Frame:
        return nw.from_native(frame.lazy())


class DuckdbEngine(Engine):
    """DuckDB in memory, free to reorder rows as any database is.

    Its default connection: Narwhals' ``unpivot`` finds relations of no other one.
    """

    name = "duckdb"

    def __init__(self) -> None:
        self.connection = duckdb.default_connection()
        self.connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SET threads = 2")

    def lazy(self, frame: pl.DataFrame) -> Frame:
        lazy: Frame = nw.from_native(self.connection.from_arrow(frame.to_arrow()))
        return lazy


class SparkEngine(Engine):
    """Local Spark."""

    name = "pyspark"

    def __init__(self, session: Any) -> None:
        self.session = session

    def lazy(self, frame: pl.DataFrame) -> Frame:
        lazy: Frame = nw.from_native(self.session.createDataFrame(frame.to_arrow()))
        return lazy


def assert_conforms(frame: pl.DataFrame, table: type[Table]) -> None:
    """Columns, order, types, nullability and key of ``frame`` are those of the contract; stamps may be absent."""
    columns = table.columns()
    stamped = set(stamp_columns(table)) <= set(frame.columns)
    names = table.column_names() if stamped else content_columns(table)
    assert frame.columns == names
    assert dict(frame.schema) == {name: columns[name].dtype for name in names}
    for name in names:
        assert columns[name].nullable or frame[name].null_count() == 0, (
            f"{name} holds nulls, its contract forbids them."
        )
    if key := table.primary_key():
        repeated = frame.filter(pl.struct(key).is_duplicated())
        assert repeated.is_empty(), f"The key {key} repeats:\n{repeated}"


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """The one Spark session of the test process. Skips for who has no Java or pyspark, fails where CI=true."""
    if find_spec("pyspark") is None or _java_major() < 17:
        if os.environ.get("CI") == "true":
            pytest.fail(SPARK_REMEDY, pytrace=False)
        pytest.skip(SPARK_REMEDY)
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # so that workers have what this process has
    session = (
        SparkSession.builder.master("local[1]")
        .appName("finance-ppm-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        # Tests run many small queries once: interpreting them beats compiling them, several times over.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(
    scope="session",
    params=["polars", "duckdb", pytest.param("pyspark", marks=pytest.mark.spark)],
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    if request.param == "polars":
        return PolarsEngine()
    if request.param == "duckdb":
        return DuckdbEngine()
    return SparkEngine(request.getfixturevalue("spark_session"))


in_process = pytest.mark.parametrize("engine", ["polars", "duckdb"], indirect=True)
"""On a test that takes ``engine``: only the engines that are quick enough for many examples."""


def _java_major() -> int:
    """Major version of the Java that Spark would start; 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        return 0
    banner = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', banner)
    return int(found[1]) if found else 0
