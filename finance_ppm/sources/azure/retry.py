"""How a request that failed is sent again: how often, and after how long.

Belongs here: the policy. Which failures may be cured by it is told by the error (``AzureError.retryable``).
azure-core's own policy is not used: it sends no POST again after a 502, nor after a 429 that does not say how long to
wait (https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/core/azure-core/azure/core/pipeline/policies/_retry.py).
"""

import logging
from collections.abc import Callable
from threading import Lock
from typing import cast

from tenacity import RetryCallState, Retrying

from finance_ppm.sources.azure.errors import AzureError
from finance_ppm.sources.azure.limiter import Limiter

ATTEMPTS = 8
"""Times a request is sent, the first included: with the waits between, a disturbance of a minute is outlived."""

FIRST_CONTACT_ATTEMPTS = 3
"""The same while nothing has answered yet: a wrong address is told within seconds."""

IN_A_ROW = 3
"""Requests that fail to the end, none between them served, after which the outage is taken for a lasting one."""

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0

logger = logging.getLogger(__name__)


class Patience:
    """How often the requests of one connection are sent: less often at first, and once in a lasting outage.

    Else thousands of subscriptions would each be tried for a minute. Safe to share among threads.
    """

    def __init__(self) -> None:
        self._reached = False
        self._failed = 0
        self._lock = Lock()

    def attempts(self) -> int:
        """Times that a request is sent, as far as is known now."""
        if self._failed >= IN_A_ROW:
            return 1
        return ATTEMPTS if self._reached else FIRST_CONTACT_ATTEMPTS

    def answered(self) -> None:
        """Something answers there, whatever it says."""
        self._reached = True

    def ended(self, error: AzureError | None) -> None:
        """A request is served, or has failed to the end. One that is refused tells nothing of an outage."""
        with self._lock:
            if error is None:
                self._failed = 0
            elif error.disturbed:
                self._failed += 1


def retrying(limiter: Limiter, *, attempts: Callable[[], int], until: float = float("inf")) -> Retrying:
    """A retry loop whose waits double from half a second to half a minute, each shortened at random by up to half.

    Where Azure asks for a pause, everybody pauses for as long as it says. ``attempts`` is asked after each failure:
    it may have become worth while to go on, or no more. No wait goes on behind ``until``, by the limiter's clock.
    """

    def wait(state: RetryCallState) -> float:
        return max(_backoff(state, limiter), _error(state).retry_after or 0.0)

    def before_sleep(state: RetryCallState) -> None:
        error, seconds = _error(state), state.upcoming_sleep
        if error.overloaded:
            limiter.pause(seconds)
        logger.info(
            "Attempt %d failed, the next comes in %.1f s: %s",
            state.attempt_number,
            seconds,
            error,
            extra={
                "attempt": state.attempt_number,
                "wait_seconds": round(seconds, 1),
                "status": error.status,
                "code": error.code,
                "request_id": error.request_id,
            },
        )

    return Retrying(
        retry=lambda state: _failed(state) and _error(state).retryable,
        stop=lambda state: state.attempt_number >= attempts() or limiter.time() + state.upcoming_sleep > until,
        wait=wait,
        before_sleep=before_sleep,
        sleep=limiter.sleep,
        reraise=True,
    )


def _failed(state: RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), AzureError)


def _error(state: RetryCallState) -> AzureError:
    assert state.outcome is not None
    return cast(AzureError, state.outcome.exception())


def _backoff(state: RetryCallState, limiter: Limiter) -> float:
    full = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
    return full * limiter.random.uniform(0.5, 1.0)
