"""What the server of `tests.processes` imports, and does once for all of its children; nobody else imports this."""

from __future__ import annotations

import gc
from importlib import import_module

from sqlalchemy.orm import configure_mappers

from order_staging import schema
from order_staging.cli.commands import COMMANDS, command
from order_staging.transform import load_customers, load_mapping

for _name in (
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql",
    "psycopg",
    "anyio._backends._asyncio",
    "aiohttp",
    "encodings.utf_8_sig",
    "tests.processes",
):
    import_module(_name)
for _name in COMMANDS:
    command(_name)
configure_mappers()
schema.head()
load_mapping()
load_customers()
# Children leave alone what they have in common: a collection would copy every page of it.
gc.collect()
gc.freeze()
