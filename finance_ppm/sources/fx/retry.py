"""How a file that could not be read is read again: how often, and after how long.

Belongs here: the policy. Which failures may be cured by it is told by the error (``FxError.retryable``).
"""

import logging
from collections.abc import Callable
from random import Random
from typing import cast

from tenacity import RetryCallState, Retrying, stop_after_attempt

from finance_ppm.sources.fx.errors import FxError

ATTEMPTS = 5
"""Times a file is asked for, the first included. A wrong address is told within ten seconds."""

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0

logger = logging.getLogger(__name__)


def retrying(sleep: Callable[[float], None], random: Random) -> Retrying:
    """A retry loop whose waits double from half a second, each shortened at random by up to half.

    Where the answer asks for a longer pause, it is kept.
    """

    def wait(state: RetryCallState) -> float:
        full = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
        return max(full * random.uniform(0.5, 1.0), _error(state).retry_after or 0.0)

    def before_sleep(state: RetryCallState) -> None:
        error = _error(state)
        logger.info(
            "Attempt %d failed, the next comes in %.1f s: %s",
            state.attempt_number,
            state.upcoming_sleep,
            error,
            extra={
                "attempt": state.attempt_number,
                "wait_seconds": round(state.upcoming_sleep, 1),
                "status": error.status,
            },
        )

    return Retrying(
        retry=lambda state: _failed(state) and _error(state).retryable,
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait,
        before_sleep=before_sleep,
        sleep=sleep,
        reraise=True,
    )


def _failed(state: RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), FxError)


def _error(state: RetryCallState) -> FxError:
    assert state.outcome is not None
    return cast(FxError, state.outcome.exception())
