"""Which version of a page is the present one."""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame


def newest_versions(raw: Frame) -> Frame:
    """The newest version of each page of ``bronze/notion_raw_pages``: by ``captured_at``, ties by ``content_hash``.

    Counts versions from the newest down instead of sorting rows, so that payloads are not moved about
    (``unique`` with an order took 36 times as long on Polars, and twice the memory).
    """
    from_newest = nw.col("captured_at").cum_count(reverse=True)
    rank = from_newest.over("page_id", order_by=("captured_at", "content_hash"))
    return raw.with_columns(_rank=rank).filter(nw.col("_rank") == 1).drop("_rank")
