"""What a read of every page may take for deleted, and what it must not.

Belongs here: the judgement over a whole database. What became of one page is ``sources.notion.deletions``, how a
tombstone is kept is ``intake``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from finance_ppm.pipeline.intake import NOWHERE, Intake
from finance_ppm.pipeline.known import Known
from finance_ppm.pipeline.watermarks import Watermark
from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.deletions import Absence, confirm_deletions
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.pages import RawPage
from finance_ppm.sources.notion.reader import Survey
from finance_ppm.sources.notion.transport import Errand

MOST_GONE = 0.5
"""Share of the known pages. Where Notion does not find more of them, the integration has rather lost its access."""
FEW_PAGES = 10
"""So many may always be gone."""
ASKED_FOR_AT_ONCE = 200
"""Missing pages, each by a request: their payloads are held in memory."""


@dataclass(frozen=True)
class Sweep:
    """The end of a read of every page of one database."""

    client: NotionClient
    state: Watermark
    surveyed: Survey
    intake: Intake
    errand: Errand
    accept: bool
    """Take pages for deleted however many Notion does not find."""

    async def bury_the_deleted(self) -> tuple[str | None, bool]:
        """Find out what became of known pages that did not come, and add a tombstone for those that are gone.

        Returns why some or all were not taken for deleted, and whether the whole read is to be doubted. That a page
        did not come proves nothing: each is asked for. That Notion does not find it proves little where it finds
        hardly any, or where the page's data source is no longer shown to us.
        """
        intake, surveyed = self.intake, self.surveyed
        missing = await intake.missing()
        if not missing:
            return None, False
        known = await intake.known()
        if not intake.pages:
            return (
                f"It came back empty, though {known.alive:,} of its pages are known: is it still shared with the "
                f"integration, and NOTION_{self.state.database_name.upper()}_DB_ID right? `notion-sync health` looks."
            ), True
        absent: dict[str, Absence | NotionError] = {}
        for chunk in _chunks(sorted(missing)):
            confirmed = await confirm_deletions(
                self.client,
                missing_ids=chunk,
                database_id=self.state.database_id,
                property_ids={found for ids in surveyed.property_ids.values() for found in ids},
                errand=self.errand,
            )
            await intake.deliver([page for page in confirmed.values() if isinstance(page, RawPage)], NOWHERE)
            absent |= {page_id: found for page_id, found in confirmed.items() if not isinstance(found, RawPage)}
            if note := self._why_doubted(absent, known):
                return note, True
            if any(isinstance(found, NotionError) and found.retryable for found in absent.values()):
                break
        for chunk in _chunks([page_id for page_id, found in absent.items() if isinstance(found, Absence)]):
            await intake.bury(chunk)
        unknown = [found for found in absent.values() if isinstance(found, NotionError)]
        return (f"{len(unknown):,} missing pages could not be asked for: {unknown[0]}" if unknown else None), False

    def _why_doubted(self, absent: Mapping[str, Absence | NotionError], known: Known) -> str | None:
        not_found = sum(found is Absence.NOT_FOUND for found in absent.values())
        if not not_found or self.accept:
            return None
        if self.surveyed.schema.lost_sources:
            return (
                "Notion does not find some of its pages, nor one of its data sources: share that with the integration "
                "again (in Notion: ... > Connections)."
            )
        if not_found > max(FEW_PAGES, MOST_GONE * known.alive):
            return (
                f"Notion does not find most of its {known.alive:,} known pages: share them with the integration again, "
                "or, if they are meant to be gone, run `notion-sync sync --full-sync --accept-deletions`."
            )
        return None


def _chunks(page_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (page_ids[at : at + ASKED_FOR_AT_ONCE] for at in range(0, len(page_ids), ASKED_FOR_AT_ONCE))
