"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from server.db import base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "audit_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_line_at"), "audit_line", ["at"], unique=False)
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("document", sa.String(length=30), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["reverses_id"], ["entry.id"], name=op.f("fk_entry_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_entry_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_entry_at"), "entry", ["at"], unique=False)
    op.create_index("ix_entry_document", "entry", ["document", "document_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("every_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "arguments", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("name", name=op.f("uq_job_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "request_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("headers", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_key")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_request_key_scope_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_request_key_unfinished",
        "request_key",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IS NULL"),
    )
    op.create_table(
        "switch",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", base.Moment(), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switch")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("key", name=op.f("uq_user_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "warehouse",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=192), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("deleted_at", base.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_warehouse_default",
        "warehouse",
        ["is_default"],
        unique=True,
        sqlite_where=sa.text("is_default = 1 AND deleted_at IS NULL"),
        postgresql_where=sa.text("is_default AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_warehouse_key",
        "warehouse",
        ["key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "merchant_sku",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=192), nullable=False),
        sa.Column("skeleton", sa.String(length=192), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("own_stock", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("title_key", sa.String(length=765), nullable=False),
        sa.Column("parent_sku", sa.String(length=64), nullable=False),
        sa.Column("parent_key", sa.String(length=192), nullable=False),
        sa.Column("size", sa.String(length=64), nullable=False),
        sa.Column("colour", sa.String(length=64), nullable=False),
        sa.Column(
            "attributes", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=False),
        sa.Column("weight_g", base.ExactDecimal(), nullable=True),
        sa.Column("length_cm", base.ExactDecimal(), nullable=True),
        sa.Column("width_cm", base.ExactDecimal(), nullable=True),
        sa.Column("height_cm", base.ExactDecimal(), nullable=True),
        sa.Column("model_number", sa.String(length=64), nullable=False),
        sa.Column("model_key", sa.String(length=192), nullable=False),
        sa.Column("picture_url", sa.String(length=1000), nullable=False),
        sa.Column("cost", base.ExactDecimal(), nullable=True),
        sa.Column("price", base.ExactDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("default_warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("serial_mode", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("notes", sa.String(length=2000), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("updated_at", base.Moment(), nullable=False),
        sa.Column("deleted_at", base.Moment(), nullable=True),
        sa.CheckConstraint("kind IN ('single', 'combination')", name=op.f("ck_merchant_sku_kind")),
        sa.CheckConstraint("length(code) BETWEEN 1 AND 64", name=op.f("ck_merchant_sku_code")),
        sa.ForeignKeyConstraint(
            ["default_warehouse_id"], ["warehouse.id"], name=op.f("fk_merchant_sku_default_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_sku")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_merchant_sku_combination",
        "merchant_sku",
        ["key"],
        unique=False,
        sqlite_where=sa.text("kind = 'combination'"),
        postgresql_where=sa.text("kind = 'combination'"),
    )
    op.create_index("ix_merchant_sku_key_any", "merchant_sku", ["key"], unique=False)
    op.create_index(
        "ix_merchant_sku_model_key",
        "merchant_sku",
        ["model_key"],
        unique=False,
        sqlite_where=sa.text("model_key <> ''"),
        postgresql_where=sa.text("model_key <> ''"),
    )
    op.create_index("ix_merchant_sku_parent_key", "merchant_sku", ["parent_key"], unique=False)
    op.create_index("ix_merchant_sku_skeleton", "merchant_sku", ["skeleton"], unique=False)
    op.create_index("ix_merchant_sku_title_key", "merchant_sku", ["title_key"], unique=False)
    op.create_index(
        "uq_merchant_sku_key",
        "merchant_sku",
        ["key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "password",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.String(length=200), nullable=False),
        sa.Column("changed_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_password_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_password")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", base.Moment(), nullable=False),
        sa.Column(
            "arguments", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", base.Moment(), nullable=True),
        sa.Column("ended_at", base.Moment(), nullable=True),
        sa.Column(
            "progress", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("error", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_run_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("job_id", "slot", name=op.f("uq_run_job_id_slot")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_waiting", "run", ["state", "due_at"], unique=False)
    op.create_table(
        "scheduled_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pattern", sa.String(length=100), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("quiet_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_scheduled_import_job_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_scheduled_import_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_import")),
        sa.UniqueConstraint("job_id", name=op.f("uq_scheduled_import_job_id")),
        sa.UniqueConstraint("key", name=op.f("uq_scheduled_import_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stock_count",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("completed_at", base.Moment(), nullable=True),
        sa.Column("completed_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'completed', 'cancelled')", name=op.f("ck_stock_count_state")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_stock_count_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_stock_count_upload_id"), "stock_count", ["upload_id"], unique=False)
    op.create_table(
        "stock_list",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("completed_at", base.Moment(), nullable=True),
        sa.Column("completed_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_stock_list_direction")),
        sa.CheckConstraint("state IN ('todo', 'completed')", name=op.f("ck_stock_list_state")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_stock_list_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_list")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_stock_list_upload_id"), "stock_list", ["upload_id"], unique=False)
    op.create_table(
        "store",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("is_choice", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("needs_sign_in", sa.Boolean(), nullable=False),
        sa.Column("orders_from", base.Moment(), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_store_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("key", name=op.f("uq_store_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("expires_at", base.Moment(), nullable=True),
        sa.Column("last_used_at", base.Moment(), nullable=True),
        sa.Column("revoked_at", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_token_user_id"), "token", ["user_id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("destination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("steps", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("dispatched_at", base.Moment(), nullable=True),
        sa.Column("dispatched_by", sa.String(length=120), nullable=False),
        sa.Column("finished_at", base.Moment(), nullable=True),
        sa.Column("finished_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'dispatched', 'received', 'cancelled')", name=op.f("ck_transfer_state")),
        sa.CheckConstraint("source_id <> destination_id", name=op.f("ck_transfer_two_places")),
        sa.ForeignKeyConstraint(["destination_id"], ["warehouse.id"], name=op.f("fk_transfer_destination_id")),
        sa.ForeignKeyConstraint(["source_id"], ["warehouse.id"], name=op.f("fk_transfer_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_transfer_upload_id"), "transfer", ["upload_id"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("stored_as", sa.String(length=80), nullable=False),
        sa.Column("kept_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("on_error", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=True),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column(
            "messages", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("layout", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("problem", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=True),
        sa.Column(
            "progress", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_by", sa.String(length=120), nullable=False),
        sa.Column("undone_at", base.Moment(), nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("finished_at", base.Moment(), nullable=True),
        sa.Column("request_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_upload_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("claim", name=op.f("uq_upload_claim")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_upload_content", "upload", ["content", "status"], unique=False)
    op.create_index(op.f("ix_upload_created_at"), "upload", ["created_at"], unique=False)
    op.create_index(op.f("ix_upload_request_key_id"), "upload", ["request_key_id"], unique=False)
    op.create_index(op.f("ix_upload_stored_as"), "upload", ["stored_as"], unique=False)
    op.create_index(op.f("ix_upload_user_id"), "upload", ["user_id"], unique=False)
    op.create_table(
        "balance",
        sa.Column(
            "warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("on_hand", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("allocated", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on_the_way", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("defective", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_balance_allocated")),
        sa.CheckConstraint("defective >= 0", name=op.f("ck_balance_defective")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_balance_on_hand")),
        sa.CheckConstraint("on_the_way >= 0", name=op.f("ck_balance_on_the_way")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_balance_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_balance_warehouse_id")),
        sa.PrimaryKeyConstraint("warehouse_id", "sku_id", name=op.f("pk_balance")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_balance_sku_id"), "balance", ["sku_id"], unique=False)
    op.create_table(
        "changed",
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("causes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("marked_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_changed_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_changed")),
    )
    op.create_index(op.f("ix_changed_marked_at"), "changed", ["marked_at"], unique=False)
    op.create_table(
        "component",
        sa.Column(
            "combination_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "component_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("combination_id <> component_id", name=op.f("ck_component_itself")),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_component_quantity")),
        sa.ForeignKeyConstraint(["combination_id"], ["merchant_sku.id"], name=op.f("fk_component_combination_id")),
        sa.ForeignKeyConstraint(["component_id"], ["merchant_sku.id"], name=op.f("fk_component_component_id")),
        sa.PrimaryKeyConstraint("combination_id", "component_id", name=op.f("pk_component")),
    )
    op.create_index(op.f("ix_component_component_id"), "component", ["component_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column(
            "store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("renewed_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_credential_store_id")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "gtin",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=150), nullable=False),
        sa.Column("value", sa.String(length=50), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_gtin_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gtin")),
        sa.UniqueConstraint("key", name=op.f("uq_gtin_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gtin_sku_id"), "gtin", ["sku_id"], unique=False)
    op.create_table(
        "import_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("target", sa.String(length=400), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("taken_at", base.Moment(), nullable=False),
        sa.Column("ended_at", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["scheduled_import.id"], name=op.f("fk_import_file_import_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_import_file_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("claim", name=op.f("uq_import_file_claim")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_file_import_id"), "import_file", ["import_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery", sa.String(length=120), nullable=False),
        sa.Column("order_number", sa.String(length=80), nullable=True),
        sa.Column("store_sku", sa.String(length=120), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", base.Moment(), nullable=False),
        sa.Column("handled_at", base.Moment(), nullable=True),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_inbox_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("store_id", "delivery", name=op.f("uq_inbox_store_id_delivery")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_waiting", "inbox", ["handled_at", "id"], unique=False)
    op.create_table(
        "movement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on_hand", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("allocated", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on_the_way", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("defective", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_movement_entry_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_movement_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_movement_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
        sa.UniqueConstraint("entry_id", "line", name=op.f("uq_movement_entry_id_line")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_movement_sku_warehouse", "movement", ["sku_id", "warehouse_id"], unique=False)
    op.create_table(
        "order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=88), nullable=False),
        sa.Column("supplement", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("supplement_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("market_status", sa.String(length=40), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cod", sa.Boolean(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("cancel_pending", sa.Boolean(), nullable=False),
        sa.Column("placed_at", base.Moment(), nullable=False),
        sa.Column("counts_at", base.Moment(), nullable=True),
        sa.Column("seen_at", base.Moment(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("total", base.ExactDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "tracking", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("processed_at", base.Moment(), nullable=True),
        sa.Column("steps", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("updated_at", base.Moment(), nullable=False),
        sa.CheckConstraint(
            "state IN ('unpaid','to_pack','out_of_stock','unmapped','in_process','to_pickup','shipped','completed','voided','cancelled','recorded')",
            name=op.f("ck_order_state"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_order_store_id")),
        sa.ForeignKeyConstraint(["supplement_of"], ["order.id"], name=op.f("fk_order_supplement_of")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_order_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("store_id", "number", "supplement", name=op.f("uq_order_store_id_number_supplement")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_order_state_counts", "order", ["state", "counts_at", "id"], unique=False)
    op.create_index(op.f("ix_order_supplement_of"), "order", ["supplement_of"], unique=False)
    op.create_index(op.f("ix_order_updated_at"), "order", ["updated_at"], unique=False)
    op.create_index(op.f("ix_order_warehouse_id"), "order", ["warehouse_id"], unique=False)
    op.create_table(
        "push_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("percentage", base.ExactDecimal(), nullable=False),
        sa.Column("fixed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rounding", sa.String(length=10), nullable=False),
        sa.Column("priority_store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("priority_safety_stock", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hold_back_safety_stock", sa.Boolean(), nullable=False),
        sa.Column("minimum", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cap", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["priority_store_id"], ["store.id"], name=op.f("fk_push_rule_priority_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_push_rule_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reading",
        sa.Column(
            "store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("until", base.Moment(), nullable=True),
        sa.Column("start", base.Moment(), nullable=True),
        sa.Column("ack", sa.String(length=200), nullable=True),
        sa.Column("read_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_reading_store_id")),
        sa.PrimaryKeyConstraint("store_id", "what", name=op.f("pk_reading")),
    )
    op.create_table(
        "safety_stock",
        sa.Column(
            "warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_safety_stock_quantity")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_safety_stock_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_safety_stock_warehouse_id")),
        sa.PrimaryKeyConstraint("warehouse_id", "sku_id", name=op.f("pk_safety_stock")),
    )
    op.create_index(op.f("ix_safety_stock_sku_id"), "safety_stock", ["sku_id"], unique=False)
    op.create_table(
        "shelf",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=192), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_shelf_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_shelf_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf")),
        sa.UniqueConstraint("warehouse_id", "key", name=op.f("uq_shelf_warehouse_id_key")),
        sa.UniqueConstraint("warehouse_id", "sku_id", name=op.f("uq_shelf_warehouse_id_sku_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_shelf_sku_id"), "shelf", ["sku_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("used_at", base.Moment(), nullable=False),
        sa.Column("ended_at", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_sign_in_token_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_in_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_in_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sign_in_used_at"), "sign_in", ["used_at"], unique=False)
    op.create_index(op.f("ix_sign_in_user_id"), "sign_in", ["user_id"], unique=False)
    op.create_table(
        "store_pause",
        sa.Column(
            "store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("until", base.Moment(), nullable=False),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_store_pause_store_id")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store_pause")),
    )
    op.create_table(
        "store_sku",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("gtin", sa.String(length=50), nullable=False),
        sa.Column(
            "references", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_store_sku_sku_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_store_sku_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_sku")),
        sa.UniqueConstraint("store_id", "code", name=op.f("uq_store_sku_store_id_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_store_sku_sku_id"), "store_sku", ["sku_id"], unique=False)
    op.create_table(
        "unread_order",
        sa.Column(
            "store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("since", base.Moment(), nullable=False),
        sa.Column("tried_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_unread_order_store_id")),
        sa.PrimaryKeyConstraint("store_id", "number", name=op.f("pk_unread_order")),
    )
    op.create_table(
        "upload_page",
        sa.Column(
            "upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("page", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("first_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_page_upload_id")),
        sa.PrimaryKeyConstraint("upload_id", "page", name=op.f("pk_upload_page")),
    )
    op.create_table(
        "upload_undo",
        sa.Column(
            "upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("page", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_undo_upload_id")),
        sa.PrimaryKeyConstraint("upload_id", "page", name=op.f("pk_upload_undo")),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("store_sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.Column("causes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("target", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_evaluation_sku_id")),
        sa.ForeignKeyConstraint(["store_sku_id"], ["store_sku.id"], name=op.f("fk_evaluation_store_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_evaluation_at"), "evaluation", ["at"], unique=False)
    op.create_index("ix_evaluation_store_sku", "evaluation", ["store_sku_id", "id"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_key", sa.String(length=80), nullable=False),
        sa.Column("store_sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_price", base.ExactDecimal(), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_order_line_quantity")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_order_line_sku_id")),
        sa.ForeignKeyConstraint(["store_sku_id"], ["store_sku.id"], name=op.f("fk_order_line_store_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "line_key", name=op.f("uq_order_line_order_id_line_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_line_order_id"), "order_line", ["order_id"], unique=False)
    op.create_index("ix_order_line_sku", "order_line", ["sku_id"], unique=False)
    op.create_index("ix_order_line_store_sku", "order_line", ["store_sku_id"], unique=False)
    op.create_table(
        "order_package",
        sa.Column(
            "order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_package_order_id")),
        sa.PrimaryKeyConstraint("order_id", "key", name=op.f("pk_order_package")),
    )
    op.create_index("ix_order_package_key", "order_package", ["key"], unique=False)
    op.create_table(
        "order_return",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("way", sa.String(length=4), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("package", sa.String(length=100), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("completed_at", base.Moment(), nullable=True),
        sa.Column("completed_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("state IN ('todo', 'completed', 'undone')", name=op.f("ck_order_return_state")),
        sa.CheckConstraint("way IN ('scan', 'list')", name=op.f("ck_order_return_way")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_order_return_entry_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_return_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_return")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_return_order_id"), "order_return", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_return_upload_id"), "order_return", ["upload_id"], unique=False)
    op.create_table(
        "push",
        sa.Column(
            "store_sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("causes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("due_at", base.Moment(), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("failed_at", base.Moment(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("ticket", sa.String(length=200), nullable=True),
        sa.Column("ticket_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_push_store_id")),
        sa.ForeignKeyConstraint(["store_sku_id"], ["store_sku.id"], name=op.f("fk_push_store_sku_id")),
        sa.PrimaryKeyConstraint("store_sku_id", name=op.f("pk_push")),
    )
    op.create_index(
        "ix_push_store_due",
        "push",
        ["store_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("failed_at IS NULL"),
        postgresql_where=sa.text("failed_at IS NULL"),
    )
    op.create_table(
        "push_rule_sku",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["push_rule.id"], name=op.f("fk_push_rule_sku_rule_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_push_rule_sku_sku_id")),
        sa.PrimaryKeyConstraint("rule_id", "sku_id", name=op.f("pk_push_rule_sku")),
    )
    op.create_index(op.f("ix_push_rule_sku_sku_id"), "push_rule_sku", ["sku_id"], unique=False)
    op.create_table(
        "push_rule_store",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "store_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("percentage", base.ExactDecimal(), nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["push_rule.id"], name=op.f("fk_push_rule_store_rule_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_push_rule_store_store_id")),
        sa.PrimaryKeyConstraint("rule_id", "store_id", name=op.f("pk_push_rule_store")),
    )
    op.create_index(op.f("ix_push_rule_store_store_id"), "push_rule_store", ["store_id"], unique=False)
    op.create_table(
        "push_rule_warehouse",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["push_rule.id"], name=op.f("fk_push_rule_warehouse_rule_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_push_rule_warehouse_warehouse_id")),
        sa.PrimaryKeyConstraint("rule_id", "warehouse_id", name=op.f("pk_push_rule_warehouse")),
    )
    op.create_table(
        "stock_count_line",
        sa.Column(
            "count_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shelf_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("counted", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expected", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on_hand", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_stock_count_line_counted")),
        sa.ForeignKeyConstraint(["count_id"], ["stock_count.id"], name=op.f("fk_stock_count_line_count_id")),
        sa.ForeignKeyConstraint(["shelf_id"], ["shelf.id"], name=op.f("fk_stock_count_line_shelf_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_stock_count_line_sku_id")),
        sa.PrimaryKeyConstraint("count_id", "line", name=op.f("pk_stock_count_line")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_stock_count_line_sku_id"), "stock_count_line", ["sku_id"], unique=False)
    op.create_table(
        "stock_list_line",
        sa.Column("list_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shelf_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_cost", base.ExactDecimal(), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_stock_list_line_quantity")),
        sa.ForeignKeyConstraint(["list_id"], ["stock_list.id"], name=op.f("fk_stock_list_line_list_id")),
        sa.ForeignKeyConstraint(["shelf_id"], ["shelf.id"], name=op.f("fk_stock_list_line_shelf_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_stock_list_line_sku_id")),
        sa.PrimaryKeyConstraint("list_id", "line", name=op.f("pk_stock_list_line")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "told",
        sa.Column(
            "store_sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("told_at", base.Moment(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("target", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("evaluated_at", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["store_sku_id"], ["store_sku.id"], name=op.f("fk_told_store_sku_id")),
        sa.PrimaryKeyConstraint("store_sku_id", name=op.f("pk_told")),
    )
    op.create_table(
        "transfer_line",
        sa.Column(
            "transfer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("written_off", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shelf_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_transfer_line_quantity")),
        sa.CheckConstraint("received + written_off <= quantity", name=op.f("ck_transfer_line_arrived")),
        sa.CheckConstraint("received >= 0", name=op.f("ck_transfer_line_received")),
        sa.CheckConstraint("written_off >= 0", name=op.f("ck_transfer_line_written_off")),
        sa.ForeignKeyConstraint(["shelf_id"], ["shelf.id"], name=op.f("fk_transfer_line_shelf_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_transfer_line_sku_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_line_transfer_id")),
        sa.PrimaryKeyConstraint("transfer_id", "line", name=op.f("pk_transfer_line")),
        sa.UniqueConstraint("transfer_id", "sku_id", name=op.f("uq_transfer_line_transfer_id_sku_id")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_transfer_line_sku_id"), "transfer_line", ["sku_id"], unique=False)
    op.create_table(
        "order_hold",
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("per_unit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deducted", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("returned", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("deducted >= 0", name=op.f("ck_order_hold_deducted")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_order_hold_held")),
        sa.CheckConstraint("returned >= 0 AND returned <= deducted", name=op.f("ck_order_hold_returned")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_order_hold_line_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_order_hold_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_order_hold_warehouse_id")),
        sa.PrimaryKeyConstraint("line_id", "sku_id", name=op.f("pk_order_hold")),
    )
    op.create_index("ix_order_hold_sku", "order_hold", ["sku_id"], unique=False)
    op.create_table(
        "order_return_line",
        sa.Column(
            "return_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("defective", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_order_return_line_quantity")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_order_return_line_line_id")),
        sa.ForeignKeyConstraint(["return_id"], ["order_return.id"], name=op.f("fk_order_return_line_return_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["merchant_sku.id"], name=op.f("fk_order_return_line_sku_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_order_return_line_warehouse_id")),
        sa.PrimaryKeyConstraint("return_id", "line", name=op.f("pk_order_return_line")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_return_line_sku_id"), "order_return_line", ["sku_id"], unique=False)

    _append_only("entry", "movement", "audit_line")


def _append_only(*tables: str) -> None:
    """The database itself refuses to change or delete a movement or an audit line (STK-2, SEC-2)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in tables:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
