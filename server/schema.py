"""Every room's tables, so that metadata and migrations are whole."""

from __future__ import annotations

import server.access.models
import server.catalog.models
import server.imports.models
import server.jobs.models
import server.ledger.models
import server.orders.models
import server.outbox.models
import server.places.models
import server.push.models
import server.stores.models
import server.switches.models
import server.sync.models
import server.uploads.models
import server.warehousing.models  # noqa: F401
from server.db.base import Base

METADATA = Base.metadata
