"""The rules by which the state of reading a database moves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from finance_ppm.pipeline.unfinished import Unfinished
from finance_ppm.pipeline.watermarks import Watermark
from finance_ppm_tests.world import MONDAY

SOUND = Watermark(
    "id",
    "risks",
    last_edited_time=MONDAY,
    last_read_at=MONDAY,
    last_full_read_at=MONDAY,
    schema_json='{"properties":{}}',
)
LATER = MONDAY + timedelta(hours=1)


def read(*, full: bool = True) -> Unfinished:
    return Unfinished(started_at=LATER, edited_since=None if full else MONDAY, property_ids={})


def _ahead(field: str) -> Watermark:
    changed: dict[str, Any] = {field: MONDAY + timedelta(days=30)}
    return replace(SOUND, **changed)


@pytest.mark.parametrize("field", ["last_edited_time", "last_full_read_at"])
def test_what_a_clock_that_was_ahead_told_has_every_page_read(field: str) -> None:
    assert SOUND.edited_since(LATER, full=False) is not None
    assert _ahead(field).edited_since(LATER, full=False) is None


def test_a_complete_read_replaces_a_mark_that_is_still_to_come() -> None:
    ahead = replace(SOUND, last_edited_time=MONDAY + timedelta(days=30), last_read_at=MONDAY + timedelta(days=30))
    done = ahead.completed(read(), LATER, page_count=1, sweep_note=None, doubted=False)
    assert (done.last_edited_time, done.last_read_at) == (LATER, LATER)


def test_a_doubted_sweep_moves_no_watermark_and_keeps_its_reason() -> None:
    done = SOUND.completed(read(), LATER, page_count=1, sweep_note="It came back empty.", doubted=True)
    assert (done.last_edited_time, done.sweep_note) == (MONDAY, "It came back empty.")
    quiet = done.completed(read(full=False), LATER, page_count=None, sweep_note=None, doubted=False)
    assert (quiet.last_edited_time, quiet.sweep_note) == (LATER, "It came back empty.")


@pytest.mark.parametrize(
    ("begun", "taken_up"),
    [(timedelta(hours=1), True), (timedelta(hours=25), False), (timedelta(hours=-1), False)],
    ids=["an hour ago", "more than a day ago", "by a clock that was ahead"],
)
def test_only_a_recent_read_is_taken_up(begun: timedelta, *, taken_up: bool) -> None:
    cut_short = Unfinished(started_at=LATER - begun, edited_since=None, property_ids={})
    assert (replace(SOUND, unfinished=cut_short.to_json()).edited_since(LATER, full=False) is None) is taken_up
