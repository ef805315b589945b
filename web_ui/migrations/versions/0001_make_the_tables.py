"""Make the tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("transcript_id", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_transcript_id"), "audit", ["transcript_id"], unique=False)

    op.create_table(
        "search_grams",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gram", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block", "gram", name=op.f("pk_search_grams")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transcripts",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=100), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wait_code", sa.String(length=64), nullable=True),
        sa.Column("wait_reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_from", sa.Float(), nullable=False),
        sa.Column("seconds_done", sa.Float(), nullable=False),
        sa.Column("seconds_total", sa.Float(), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("language_probability", sa.Float(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("speech_seconds", sa.Float(), nullable=False),
        sa.Column("transcribed_seconds", sa.Float(), nullable=False),
        sa.Column("backend", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("is_dummy", sa.Boolean(), nullable=False),
        sa.Column("dummy_text", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("segment_count", sa.Integer(), nullable=False),
        sa.Column("text_revision", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_transcripts")),
        sa.UniqueConstraint("id", name=op.f("uq_transcripts_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_transcripts_created_at_key_state_language_verdict"),
        "transcripts",
        ["created_at", "key", "state", "language", "verdict"],
        unique=False,
    )
    op.create_index(
        op.f("ix_transcripts_language_created_at"),
        "transcripts",
        ["language", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_transcripts_state_created_at"),
        "transcripts",
        ["state", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_transcripts_verdict_created_at"),
        "transcripts",
        ["verdict", "created_at"],
        unique=False,
    )

    op.create_table(
        "analyses",
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_analyses_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcript_key", "kind", name=op.f("pk_analyses")),
    )
    op.create_table(
        "edits",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_edits_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_edits")),
    )
    op.create_index(op.f("ix_edits_transcript_key"), "edits", ["transcript_key"], unique=False)

    op.create_table(
        "overrides",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("element_id", sa.String(length=100), nullable=False),
        sa.Column("was", sa.String(length=16), nullable=False),
        sa.Column("now", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_overrides_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_overrides")),
    )
    op.create_index(
        op.f("ix_overrides_transcript_key"), "overrides", ["transcript_key"], unique=False
    )

    op.create_table(
        "passages",
        sa.Column(
            "key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_passages_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_passages")),
    )
    op.create_index(
        op.f("ix_passages_transcript_key"), "passages", ["transcript_key"], unique=False
    )

    op.create_table(
        "search_texts",
        sa.Column(
            "transcript_key",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("starts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_search_texts_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcript_key", name=op.f("pk_search_texts")),
    )
    op.create_table(
        "segments",
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("speaker", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("original_text", sa.Text(), nullable=True),
        sa.Column("translation", sa.Text(), nullable=True),
        sa.Column("avg_logprob", sa.Float(), nullable=False),
        sa.Column("no_speech_prob", sa.Float(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_segments_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcript_key", "number", name=op.f("pk_segments")),
    )
    op.create_table(
        "speakers",
        sa.Column(
            "transcript_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["transcript_key"],
            ["transcripts.key"],
            name=op.f("fk_speakers_transcript_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcript_key", "label", name=op.f("pk_speakers")),
    )


def downgrade() -> None:
    op.drop_table("speakers")
    op.drop_table("segments")
    op.drop_table("search_texts")
    op.drop_index(op.f("ix_passages_transcript_key"), table_name="passages")

    op.drop_table("passages")
    op.drop_index(op.f("ix_overrides_transcript_key"), table_name="overrides")

    op.drop_table("overrides")
    op.drop_index(op.f("ix_edits_transcript_key"), table_name="edits")

    op.drop_table("edits")
    op.drop_table("analyses")
    op.drop_index(op.f("ix_transcripts_verdict_created_at"), table_name="transcripts")
    op.drop_index(op.f("ix_transcripts_state_created_at"), table_name="transcripts")
    op.drop_index(op.f("ix_transcripts_language_created_at"), table_name="transcripts")
    op.drop_index(
        op.f("ix_transcripts_created_at_key_state_language_verdict"), table_name="transcripts"
    )

    op.drop_table("transcripts")
    op.drop_table("search_grams")
    op.drop_index(op.f("ix_audit_transcript_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")

    op.drop_table("audit")
