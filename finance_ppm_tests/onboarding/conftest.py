"""A Notion that is as good as new, in every version of its API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from finance_ppm_tests.onboarding.fresh_notion import VERSIONS, FreshNotion, fresh_notion


@pytest.fixture(params=VERSIONS)
def notion(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshNotion]:
    with fresh_notion(request.param, tmp_path) as served:
        yield served


@pytest.fixture
def one_notion(tmp_path: Path) -> Iterator[FreshNotion]:
    """In one version only: for what does not depend on it."""
    with fresh_notion(VERSIONS[-1], tmp_path) as served:
        yield served
