"""What the crash tests share."""

import pytest

from shared.usecases import collections, import_contacts, invite, mail_events, sweep, sweep_pages, sweep_parts


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches, pages and checkpoints of two, so that short stories have several of each."""
    for module, name in (
        (invite, "A_BATCH"),
        (sweep_pages, "A_BATCH"),
        (sweep_pages, "A_PAGE"),
        (sweep, "PAGES_A_MESSAGE"),
        (sweep_parts, "PAGES_A_MESSAGE"),
        (sweep_parts, "SHARED_FROM"),
        (mail_events, "A_MESSAGE"),
        (collections, "BATCH"),
    ):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 4)
    monkeypatch.setattr(import_contacts, "ROWS_A_MESSAGE", 8)
