"""When alerts start and end, against a model that follows one subject at a time and knows nothing of the code."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.alerting.alert import Alert, Kind, Outcome, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey, follow

BEGINNING = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
SUBJECTS = ("a", "b", "c")


def at(minute: int) -> datetime:
    return BEGINNING + timedelta(minutes=minute)


def condition(subject: str, severity: Severity = Severity.ERROR, kind: Kind = Kind.CHECK) -> Condition:
    return Condition(kind, subject, severity, f"{subject} is wrong", "It is.")


def survey(minute: int, **states: str) -> Survey:
    """``a="ERROR"``, ``"WARN"``, ``"well"`` or ``"unclear"``; a subject that is not named is there no more."""
    return Survey(
        at(minute),
        tuple(condition(name, Severity(state)) for name, state in states.items() if state in set(Severity)),
        frozenset(name for name, state in states.items() if state == "well"),
        frozenset(name for name, state in states.items() if state == "unclear"),
        frozenset({Kind.CHECK}),
    )


def episodes(alerts: dict[str, Alert], subject: str = "a") -> list[tuple[str, int, int | None, str | None]]:
    """Severity, minute of start, minute of end, outcome; in order."""

    def minute(moment: datetime | None) -> int | None:
        return None if moment is None else round((moment - BEGINNING).total_seconds() / 60)

    return sorted(
        (alert.severity.value, minute(alert.started_at) or 0, minute(alert.ended_at), alert.outcome)
        for alert in alerts.values()
        if alert.subject == subject
    )


@pytest.mark.parametrize(
    ("story", "told"),
    [
        (["well"], []),
        (["unclear"], []),
        (["ERROR", "ERROR"], [("ERROR", 0, None, None)]),
        (["ERROR", "unclear", "ERROR"], [("ERROR", 0, None, None)]),
        (["ERROR", "well", "well"], [("ERROR", 0, 1, "resolved")]),
        (["ERROR", "absent"], [("ERROR", 0, 1, "gone")]),
        (["ERROR", "well", "ERROR", "well"], [("ERROR", 0, 1, "resolved"), ("ERROR", 2, 3, "resolved")]),
        (["WARN", "ERROR", "well"], [("ERROR", 1, 2, "resolved"), ("WARN", 0, 2, "resolved")]),
        (["WARN", "ERROR", "WARN", "well"], [("ERROR", 1, 2, "eased"), ("WARN", 0, 3, "resolved")]),
        (["ERROR", "WARN"], [("ERROR", 0, 1, "eased"), ("WARN", 1, None, None)]),
    ],
)
def test_what_becomes_of_one_subject(story: list[str], told: list[tuple[str, int, int | None, str | None]]) -> None:
    surveys = [survey(minute, **({} if state == "absent" else {"a": state})) for minute, state in enumerate(story)]
    assert episodes(follow({}, surveys)) == told


def test_a_survey_says_nothing_of_kinds_that_it_does_not_cover() -> None:
    failed = follow({}, [Survey(at(0), (condition("job x", kind=Kind.RUN),))])
    assert follow(failed, [Survey(at(1), covers=frozenset({Kind.CHECK}))]) == {}
    (ended,) = follow(failed, [Survey(at(1), covers=frozenset({Kind.RUN}))]).values()
    assert ended.outcome is Outcome.GONE


def test_a_word_from_before_it_began_ends_nothing() -> None:
    failed = follow({}, [Survey(at(5), (condition("a"),))])
    assert follow(failed, [Survey(at(4), well=frozenset({"a"}))]) == {}


def test_two_alerts_never_share_an_id() -> None:
    story = follow({}, [survey(0, a="ERROR", b="ERROR"), survey(1, a="WARN", b="well"), survey(2, a="ERROR")])
    assert len(story) == 4


STATES = st.sampled_from(["ERROR", "WARN", "well", "unclear", "absent"])
STORIES = st.lists(st.fixed_dictionaries(dict.fromkeys(SUBJECTS, STATES)), max_size=12)


def modelled(states: list[str]) -> list[tuple[str, int, int | None, str | None]]:
    """One subject's episodes, found by walking each severity's own line of time."""
    found: list[tuple[str, int, int | None, str | None]] = []
    for level in ("ERROR", "WARN"):
        since = None
        for minute, state in enumerate(states):
            graver = level == "WARN" and state == "ERROR"
            if state == level:
                since = minute if since is None else since
            elif since is not None and not graver and state != "unclear":
                why = {"well": "resolved", "absent": "gone", "WARN": "eased"}[state]
                found.append((level, since, minute, why))
                since = None
        if since is not None:
            found.append((level, since, None, None))
    return sorted(found, key=lambda one: (one[0], one[1]))


@settings(deadline=None, max_examples=300)
@given(STORIES)
def test_every_story_is_told_as_the_model_tells_it(story: list[dict[str, str]]) -> None:
    surveys = [
        survey(minute, **{name: state for name, state in states.items() if state != "absent"})
        for minute, states in enumerate(story)
    ]
    alerts = follow({}, surveys)
    for subject in SUBJECTS:
        assert episodes(alerts, subject) == modelled([states[subject] for states in story])


@settings(deadline=None, max_examples=300)
@given(STORIES, st.data())
def test_it_is_all_the_same_where_the_story_is_cut_and_what_is_looked_at_again(
    story: list[dict[str, str]], data: st.DataObject
) -> None:
    """A daemon that starts anew, and forgets how far it had looked, begins no episode again and ends none wrongly."""
    surveys = [
        survey(minute, **{name: state for name, state in states.items() if state != "absent"})
        for minute, states in enumerate(story)
    ]
    whole = follow({}, surveys)
    alerts: dict[str, Alert] = {}
    done = 0
    while done < len(surveys):
        back = data.draw(st.integers(0, done), label="looked at again from")
        forth = data.draw(st.integers(done + 1, len(surveys)), label="until")
        alerts |= follow(alerts, surveys[back:forth])
        done = forth
    assert alerts == whole
    assert follow(alerts, surveys) == {}
