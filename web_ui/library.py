"""The transcripts of this service: what people do with them, wherever they ask from.

Each change is one transaction together with its audit entry; files, workers and watchers follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from web_ui.errors import NoRecording, RecordingMissing, WrongState
from web_ui.jobs.changes import Changes
from web_ui.jobs.workers import Workers
from web_ui.recordings.files import Recordings
from web_ui.recordings.listening import Listening
from web_ui.recordings.receive import ReceivedRecording, receive, receive_form
from web_ui.records import FullTranscript, Options, Segment, Speaker, Transcript
from web_ui.store import audit, review, transcripts
from web_ui.store.audit import Action, AuditEntry
from web_ui.store.database import Database
from web_ui.upload_form import UploadForm
from web_ui.views import ListItem

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, from where, in which request."""

    who: str
    address: str
    request_id: str


SERVICE = Actor("web-ui", "", "")


class Library:
    """Raises what the database and the disk raise, and `TranscriptMissing`."""

    def __init__(
        self,
        database: Database,
        recordings: Recordings,
        listening: Listening,
        workers: Workers,
        changes: Changes,
    ) -> None:
        self.database = database
        self.recordings = recordings
        self.changes = changes
        self._listening = listening
        self._workers = workers

    async def get(self, id: str) -> Transcript:
        return await self.database.read(transcripts.get, id)

    async def get_full(self, id: str) -> FullTranscript:
        return await self.database.read(transcripts.get_full, id)

    async def segment(self, id: str, number: int) -> Segment:
        return await self.database.read(review.segment, id, number)

    async def with_upload(self, item: ListItem) -> ListItem:
        """With the bytes that have come, of one that is on its way."""
        if item.transcript.state != "uploading":
            return item
        return replace(item, uploaded_bytes=await self._size(item.transcript.id))

    # Recordings come in.

    async def add_from_form(self, request: Request, actor: Actor, max_bytes: int) -> Transcript:
        """A whole form; the transcript is there once its recording is safely on disk. Raises
        `NoRecording`, `InvalidOption`, and what reading a form raises."""
        id = transcripts.new_id()
        sent = await receive_form(request, self.recordings, id, max_bytes)
        return await _to_its_end(self._keep(id, sent, actor))

    async def begin_upload(
        self, form: UploadForm, name: str, size: int, actor: Actor
    ) -> Transcript:
        """A resumable one: the transcript is there at once, `uploading`. Raises `StorageFull`."""
        return await _to_its_end(self._begin(form, name, size, actor))

    async def _keep(self, id: str, sent: ReceivedRecording, actor: Actor) -> Transcript:
        try:
            form = UploadForm.read(sent.fields)
            _refuse_empty(sent.bytes)
            await asyncio.to_thread(self.recordings.finish, id, sent.bytes)
            added = await self._add(id, form, sent.filename, sent.bytes, "queued", actor)
        except BaseException:
            await asyncio.to_thread(self.recordings.delete, id)
            raise
        await self._get_going(added)
        return added

    async def _begin(self, form: UploadForm, name: str, size: int, actor: Actor) -> Transcript:
        id = transcripts.new_id()
        await asyncio.to_thread(self.recordings.begin, id, size)
        try:
            added = await self._add(id, form, name, size, "uploading", actor)
        except BaseException:
            await asyncio.to_thread(self.recordings.delete, id)
            raise
        return added

    async def uploaded_bytes(self, id: str) -> int:
        """How far an upload has come. Raises `TranscriptMissing`, `WrongState`."""
        transcript = await self.get(id)
        if transcript.state == "uploading":
            size = await asyncio.to_thread(self.recordings.size, id)
            if size == transcript.file_bytes:  # its last bytes came, and nobody could be told
                await self._accept(transcript)
            return size
        if transcript.state == "cancelled":
            raise WrongState("the upload was cancelled")
        return transcript.file_bytes

    async def go_on_uploading(self, request: Request, id: str, offset: int) -> int:
        """Take more bytes; the last one makes it wait for its text. Returns the bytes there are."""
        transcript = await self.get(id)
        if transcript.state != "uploading":
            raise WrongState(f"the upload is {transcript.state}")
        size = await receive(request, self.recordings, id, offset, transcript.file_bytes)
        if size == transcript.file_bytes:
            await self._accept(transcript)
        else:
            self.changes.publish(id)
        return size

    async def give_up_upload(self, id: str, actor: Actor) -> None:
        """Raises `WrongState` for a recording that has come whole: delete its transcript."""
        transcript = await self.get(id)
        if transcript.state not in ("uploading", "cancelled"):
            raise WrongState("the upload is complete")
        await self.delete(id, actor)

    async def take_up(self) -> None:
        """After a crash: uploads whose last byte had come are accepted."""
        for id in await self.database.read(transcripts.uploading):
            transcript = await self.get(id)
            if await self._size(id) == transcript.file_bytes:
                await self._accept(transcript)

    async def _size(self, id: str) -> int:
        """Bytes that have come; nothing, where somebody took the file away."""
        try:
            return await asyncio.to_thread(self.recordings.size, id)
        except RecordingMissing:
            return 0

    async def _accept(self, transcript: Transcript) -> None:
        size = transcript.file_bytes
        await asyncio.to_thread(self.recordings.finish, transcript.id, size)
        await self.database.write(review.accept, transcript.id, size, _now())
        self.changes.publish(transcript.id)
        await self._get_going(transcript)

    async def _get_going(self, transcript: Transcript) -> None:
        """Its recording is there: have it transcribed, and made fit to be played."""
        await self._workers.wake()
        await self._listening.ensure(transcript.id)

    async def _add(
        self, id: str, form: UploadForm, name: str, size: int, state: Any, actor: Actor
    ) -> Transcript:
        step = partial(
            transcripts.add,
            id=id,
            title=form.title or name,
            file_name=name,
            file_bytes=size,
            state=state,
            options=form.chosen(),
            who=actor.who,
            now=_now(),
        )
        detail = {"bytes": size, **form.chosen().as_json()}
        added = await self._audited(actor, "upload", id, step, detail)
        return added

    # What is done with them.

    async def cancel(self, id: str, actor: Actor) -> Transcript:
        step = partial(review.cancel, id=id, now=_now())
        cancelled = await self._audited(actor, "cancel", id, step)
        await self._workers.stop(id)
        return cancelled

    async def retry(self, id: str, actor: Actor) -> Transcript:
        """Raises `RecordingMissing` where there is nothing to go on with."""
        if await asyncio.to_thread(self.recordings.state_of, id) != "kept":
            await self.get(id)
            raise RecordingMissing("its recording is not there any more; upload it again")
        step = partial(review.retry, id=id, now=_now())
        waiting = await self._audited(actor, "retry", id, step)
        await self._workers.wake()
        return waiting

    async def analyse(self, id: str, options: Options | None, actor: Actor) -> Transcript:
        step = partial(review.analyse, id=id, options=options, now=_now())
        waiting = await self._audited(actor, "analyse", id, step)
        await self._workers.wake()
        return waiting

    async def delete(self, id: str, actor: Actor, action: Action = "delete") -> None:
        """The recording, its text and every copy of either."""
        step = partial(transcripts.remove, id=id)
        await self._audited(actor, action, id, step)
        await self._workers.stop(id)
        await self._listening.forget(id)
        await asyncio.to_thread(self.recordings.delete, id)
        await self.database.purge()

    async def expire(self, id: str, action: Action) -> None:
        await self.delete(id, SERVICE, action)

    async def rename(self, id: str, title: str, actor: Actor) -> Transcript:
        step = partial(transcripts.rename, id=id, title=title, now=_now())
        return await self._audited(actor, "rename", id, step)

    async def edit(self, id: str, number: int, text: str, was: str | None, actor: Actor) -> Segment:
        step = partial(
            review.edit, id=id, number=number, text=text, was=was, who=actor.who, now=_now()
        )
        return await self._audited(actor, "edit", id, step, {"segment": number})

    async def restore(self, id: str, number: int, actor: Actor) -> Segment:
        step = partial(review.restore, id=id, number=number, who=actor.who, now=_now())
        return await self._audited(actor, "restore", id, step, {"segment": number})

    async def assign_speaker(
        self, id: str, number: int, label: str | None, actor: Actor
    ) -> Segment:
        step = partial(review.assign_speaker, id=id, number=number, label=label, now=_now())
        return await self._audited(
            actor, "speaker", id, step, {"segment": number, "speaker": label}
        )

    async def name_speakers(
        self, id: str, speakers: tuple[Speaker, ...], actor: Actor
    ) -> Transcript:
        step = partial(review.name_speakers, id=id, speakers=speakers, now=_now())
        roles = {speaker.label: speaker.role for speaker in speakers}
        return await self._audited(actor, "speaker", id, step, {"roles": roles})

    async def override(
        self, id: str, element_id: str, was: str, status: str, reason: str, actor: Actor
    ) -> Transcript:
        step = partial(
            review.override,
            id=id,
            element_id=element_id,
            was=was,
            status=status,
            reason=reason,
            who=actor.who,
            now=_now(),
        )
        detail = {"element": element_id, "was": was, "now": status}
        return await self._audited(actor, "override", id, step, detail)

    async def note(self, action: Action, id: str | None, actor: Actor, **detail: Any) -> None:
        """Something that changes nothing but shall be known."""
        await self.database.write(audit.add, _entry(actor, action, id, detail))

    async def _audited(
        self,
        actor: Actor,
        action: Action,
        id: str,
        step: Callable[[Connection], Found],
        detail: dict[str, Any] | None = None,
    ) -> Found:
        entry = _entry(actor, action, id, detail or {})
        found = await self.database.write(_with_audit, step, entry)
        self.changes.publish(id)
        return found


def _refuse_empty(size: int) -> None:
    if size == 0:
        raise NoRecording("file: the recording is empty")


async def _to_its_end(work: Coroutine[Any, Any, Found]) -> Found:
    """Whoever asked may hang up meanwhile: file and row are kept together, or neither is."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _with_audit(
    connection: Connection, step: Callable[[Connection], Found], entry: AuditEntry
) -> Found:
    found = step(connection)
    audit.add(connection, entry)
    return found


def _entry(actor: Actor, action: Action, id: str | None, detail: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        at=_now(),
        who=actor.who,
        address=actor.address,
        action=action,
        transcript_id=id,
        detail=detail,
        request_id=actor.request_id,
    )


def _now() -> datetime:
    return datetime.now(UTC)
