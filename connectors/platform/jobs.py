"""Bulk jobs: handing them over, looking how far they are, and finding out what became of every lead.

Belongs here: what a job's answers mean for a delivery. Does not belong here: the words and shapes in them
(`bulk.py`), single creates (`singles.py`). Source: vendors.md, 3(b) #12, #13, #18 and bulk semantics.

What a job says is believed when its counts add up to every lead, and nothing beside them tells of errors. Otherwise
each lead is looked up: one that is there is accepted whatever the job says. One that is missing is looked up twice,
`settle_s` apart, before it is sent again, and only if the job failed; a job that says it stored a lead which is not
there is a contradiction for a person. An error that names a lead by its row alone is believed once that lead is
missing twice and others are there. Nobody is missing from a list that does not show itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from connectors.errors import ConnectorError, NotFoundError, TargetError
from connectors.gateway import Batch, Progress, Receipt, Verdict
from connectors.platform.bulk import (
    Complaint,
    Complaints,
    CountWords,
    ErrorFields,
    Standing,
    StatusWords,
    is_whole,
    mark_of,
    place,
    read_counts,
    shows_trouble,
    standing,
)
from connectors.platform.client import PlatformClient
from connectors.platform.lookup import LookUp, age_s, list_id_of
from connectors.platform.models import BulkStatus
from connectors.redaction import redact

Verification = Literal["always", "doubtful", "never"]
NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class JobTerms:
    """How jobs are read and how long they are waited for. Times in seconds since a batch was sent."""

    status_words: StatusWords = field(default_factory=StatusWords)
    count_words: CountWords = field(default_factory=CountWords)
    error_fields: ErrorFields = field(default_factory=ErrorFields)
    verify_by_lookup: Verification = "doubtful"
    settle_s: float = 60
    bulk_settle_s: float = 1800
    deadline_s: float = 1800
    late_s: float = 86_400


@dataclass(frozen=True, slots=True)
class _Job:
    """A finished job as it was read."""

    word: str
    standing: Standing
    counts: Mapping[str, int]
    complaints: Complaints
    error_report: str | None
    is_clean: bool
    """Its word and its counts say that every entry was stored, and nothing that it shows says otherwise."""
    shows_trouble: bool


class Jobs:
    """The bulk imports of a gateway."""

    def __init__(self, client: PlatformClient, look_up: LookUp, terms: JobTerms) -> None:
        self._client = client
        self._look_up = look_up
        self._terms = terms

    def submit(self, batch: Batch) -> Receipt:
        """The vendor has the batch as a job, whose uuid is the reference. Source: vendors.md, 3(b) #18."""
        list_id = list_id_of(batch.campaign)
        # All entries, always: the row that an error names is then the position.
        leads = [{"listId": list_id, **entry} for entry in batch.entries()]
        job = self._client.bulk_create(leads, not_after=batch.not_after)
        return Receipt(reference=job.uuid, is_pending=True)

    def poll(self, batch: Batch) -> Progress:
        """How far the job is. One that the vendor does not know runs on until its deadline: it may turn up.

        Asked once: when to ask again is the engine's to say, and a wait that the vendor asks for is not sat out here.
        """
        status = self._status(batch, retry=False)
        if status is None:
            return Progress(is_finished=False, word=NOT_FOUND)
        return Progress(
            is_finished=self._standing(batch, status) != "running",
            word=redact(status.status),
            counts=read_counts(status.result, self._terms.count_words),
            error_report=_address(status.error_link),
            mark=mark_of(status),
        )

    def collect(self, batch: Batch) -> Receipt:
        """What became of every lead that can be told now; a first look, so that nothing is sent again because of it."""
        status = self._status(batch)
        where = "running" if status is None else self._standing(batch, status)
        if status is not None and where != "running":
            return self._concluded(batch, self._read(batch, status, where), is_last=False)
        if not batch.is_overdue:
            return Receipt(reference=batch.vendor_reference, is_pending=True)
        word = NOT_FOUND if status is None else redact(status.status)
        return self._found(batch, detail=f"the job was still «{word}» when its time was over")

    def reconcile(self, batch: Batch) -> Receipt:
        """As `collect`, for a batch that was looked at before, or whose uuid was never seen."""
        status = self._status(batch) if batch.vendor_reference else None
        if status is None:
            return self._found_or_not_sent(batch, self._terms.bulk_settle_s)
        where = self._standing(batch, status)
        if where == "running":
            return self._still_running(batch, status)
        is_last = self._was_finished_before(batch)
        job = self._read(batch, status, where)
        if not is_last and not job.is_clean:
            return Receipt(reference=batch.vendor_reference, is_pending=True)
        return self._concluded(batch, job, is_last=is_last)

    def look_up(self, batch: Batch) -> Receipt:
        """For leads that were sent one by one: those that are there, and after `settle_s` those that are not."""
        return self._found_or_not_sent(batch, self._terms.settle_s)

    def _status(self, batch: Batch, *, retry: bool = True) -> BulkStatus | None:
        try:
            return self._client.bulk_status(batch.vendor_reference or "", retry=retry)
        except NotFoundError:
            return None

    def _standing(self, batch: Batch, status: BulkStatus) -> Standing:
        return standing(status, self._terms.status_words, batch.progress.mark if batch.progress else None)

    def _was_finished_before(self, batch: Batch) -> bool:
        """Whether the job ended at least a settle time ago: questions are asked that long after the look before."""
        if age_s(batch) < self._terms.settle_s:
            return False
        was_seen = batch.progress is not None and batch.progress.is_finished
        return was_seen or age_s(batch) >= self._terms.bulk_settle_s

    def _read(self, batch: Batch, status: BulkStatus, where: Standing) -> _Job:
        counts = read_counts(status.result, self._terms.count_words)
        is_troubled = shows_trouble(status, self._terms.count_words)
        is_clean = where == "good" and is_whole(counts, batch.entry_count) and not is_troubled
        complaints = Complaints() if is_clean else self._complaints(batch)
        word, report = redact(status.status) or "", _address(status.error_link)
        return _Job(word, where, counts, complaints, report, is_clean, is_troubled)

    def _complaints(self, batch: Batch) -> Complaints:
        """The job's errors. None where the vendor has no such list, or time is up: then look-ups alone decide."""
        try:
            errors = list(self._client.bulk_errors(batch.vendor_reference or ""))
        except NotFoundError:
            return Complaints()
        except ConnectorError:
            if batch.is_overdue or age_s(batch) >= self._terms.deadline_s:
                return Complaints()
            raise
        return place(errors, batch.entries(), self._terms.error_fields)

    def _concluded(self, batch: Batch, job: _Job, *, is_last: bool) -> Receipt:
        return Receipt(
            verdicts=list(self._verdicts(batch, job, is_last=is_last)),
            reference=batch.vendor_reference,
            detail=_detail(job),
            error_report=job.error_report,
        )

    def _verdicts(self, batch: Batch, job: _Job, *, is_last: bool) -> Iterator[Verdict]:
        verify = self._terms.verify_by_lookup
        if verify != "always" and job.is_clean:
            return (Verdict(position, "accepted") for position in batch.positions)
        if verify == "never":
            return (_believed(position, job) for position in batch.positions)
        return self._verified(batch, job, is_last=is_last)

    def _verified(self, batch: Batch, job: _Job, *, is_last: bool) -> Iterator[Verdict]:
        hits = self._look_up.hits(batch)
        missing = [position for position in batch.positions if position not in hits]
        is_untouched = len(batch.positions) == batch.entry_count
        hidden = self._why_hidden(batch) if is_last and missing else None
        last_words = _last_words(job, missing, is_untouched=is_untouched) if is_last and not hidden else {}
        for position in batch.positions:
            complaint = job.complaints.by_position.get(position)
            if position in hits:
                yield _stored(hits[position], complaint)
            elif complaint is not None and complaint.is_sure:
                yield _refused(position, complaint.text)
            elif position in last_words:
                yield last_words[position]
            else:
                text = "the job ended, and the list does not show it"
                yield _unseen(position, hidden) if hidden else Verdict(position, "unknown", "not_found_yet", text)

    def _still_running(self, batch: Batch, status: BulkStatus) -> Receipt:
        """A job may run on after its deadline: its leads are never sent again, and one day left to a person."""
        age = age_s(batch)
        if age < self._terms.deadline_s:
            return Receipt(reference=batch.vendor_reference, is_pending=True)
        if age < self._terms.late_s:
            return Receipt(reference=batch.vendor_reference)
        word = redact(status.status)
        hits = self._look_up.hits(batch)
        given_up = (
            Verdict(position, "unattributed", "job_never_finished", f"the job is still «{word}»")
            for position in batch.positions
            if position not in hits
        )
        return Receipt([*hits.values(), *given_up], batch.vendor_reference, detail=f"the job is still «{word}»")

    def _found(self, batch: Batch, *, detail: str) -> Receipt:
        return Receipt([*self._look_up.hits(batch).values()], batch.vendor_reference, detail=detail)

    def _found_or_not_sent(self, batch: Batch, settle_s: float) -> Receipt:
        is_settled = age_s(batch) >= settle_s  # before the look-up: what arrives during it is seen by it, or later
        hits = self._look_up.hits(batch)
        absent = [position for position in batch.positions if position not in hits] if is_settled else []
        hidden = self._why_hidden(batch) if absent else None
        told = (_unseen(one, hidden) if hidden else Verdict(one, "not_sent", "absent_at_vendor") for one in absent)
        return Receipt([*hits.values(), *told])

    def _why_hidden(self, batch: Batch) -> str | None:
        """Why the look-ups of this batch prove no absence; None when the list shows, so that they do.

        Asked after them: rights that were cut while they ran are cut still.
        """
        try:
            self._look_up.require_list(batch.campaign)
        except TargetError as error:
            return str(error)
        return None


def _unseen(position: int, hidden: str) -> Verdict:
    return Verdict(position, "unknown", "list_not_shown", hidden)


def _stored(hit: Verdict, complaint: Complaint | None) -> Verdict:
    if complaint is None or hit.reason_code is not None:
        return hit
    if not complaint.is_sure:
        return hit  # the row was counted from elsewhere
    return hit._replace(reason_code="stored_with_error", reason=redact(complaint.text))


def _last_words(job: _Job, missing: Sequence[int], *, is_untouched: bool) -> Mapping[int, Verdict]:
    """Verdicts on leads that the job ended without, that were looked for twice, and that no error names for sure."""
    rest = [position for position in missing if not job.complaints.is_sure_of(position)]
    if job.standing != "bad":
        return {position: _contradicted(position, job, missing) for position in rest}
    is_alone = is_untouched and len(rest) == len(missing)
    if is_alone and job.complaints.count >= len(missing):  # an error for each: nobody spoilt it for the others
        return {position: _contradicted(position, job, missing) for position in rest}
    # Nobody knows which lead spoilt the job: half goes on alone, and the other half after the next question.
    # So a poisonous lead ends in a batch small enough to go lead by lead.
    is_halved = is_alone and len(rest) > 1
    going = rest[: (len(rest) + 1) // 2] if is_halved else rest
    return {position: Verdict(position, "not_sent", "absent_at_vendor") for position in going}


def _contradicted(position: int, job: _Job, missing: Sequence[int]) -> Verdict:
    """The job stored others, and not this one: refused, if an error says so or as many were refused as are missing."""
    complaints = job.complaints
    if (complaint := complaints.by_position.get(position)) is not None:
        return _refused(position, complaint.text)
    nameless_count = sum(one not in complaints.by_position for one in missing)
    used_count = sum(complaint.is_sure or one in missing for one, complaint in complaints.by_position.items())
    if nameless_count <= max(complaints.count, job.counts.get("rejected", 0)) - used_count:
        return _refused(position, complaints.first_unplaced)
    text = f"the job ended as «{job.word}», but the list does not show this lead"
    return Verdict(position, "unattributed", "not_found_after_job", text)


def _believed(position: int, job: _Job) -> Verdict:
    """What the job alone says, where nothing may be looked up."""
    complaint = job.complaints.by_position.get(position)
    if complaint is not None and complaint.is_sure:
        return _refused(position, complaint.text)
    if job.standing == "good" and not job.complaints.count and not job.shows_trouble:
        return Verdict(position, "accepted", "job_completed")
    text = f"the job ended as «{job.word}» and does not say what became of this lead"
    return Verdict(position, "unattributed", "not_named_by_job", text)


def _refused(position: int, text: str | None) -> Verdict:
    return Verdict(position, "rejected", "refused_by_vendor", redact(text) or "refused by the bulk job")


def _detail(job: _Job) -> str | None:
    if not job.complaints.count and job.standing == "good":
        return None
    return f"the job ended as «{job.word}» with {job.complaints.count} errors"


def _address(error_link: Any) -> str | None:
    """The vendor's own error report, without a query: that may hold a key."""
    if isinstance(error_link, Mapping):
        error_link = next((value for value in error_link.values() if isinstance(value, str)), None)
    if not isinstance(error_link, str) or not error_link.startswith(("/", "http")):
        return None
    try:
        return urlsplit(error_link)._replace(query="", fragment="").geturl()[:300] or None
    except ValueError:
        return None
