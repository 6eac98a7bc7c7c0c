"""Checks that end a run red where a source could not be read, though nothing stopped for it.

Belongs here: such a check. Does not belong here: what the source is, nor reading it.
"""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg

NOT_READ = "not read"
"""Metadata of a materialisation: what could not be read, and the reason of each."""


def arrived(
    name: str, *, of: dg.AssetKey, description: str, told: Callable[[Mapping[str, str]], str]
) -> dg.AssetChecksDefinition:
    """Fails, and its step with it, where the newest materialisation of ``of`` has :data:`NOT_READ`, as ``told``.

    A step of its own, because a step that fails stops everything that waits for it.
    """

    @dg.multi_asset_check(specs=[dg.AssetCheckSpec(name, asset=of, description=description)], name=name)
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        event = context.instance.get_latest_materialization_event(of)
        found = event.asset_materialization.metadata.get(NOT_READ) if event and event.asset_materialization else None
        not_read: dict[str, str] = found.value if found else {}
        yield dg.AssetCheckResult(asset_key=of, check_name=name, passed=not not_read, metadata=not_read)
        if not_read:
            raise dg.Failure(told(not_read), allow_retries=False)

    return check
