"""Jobs: enqueued in the request's own transaction, run by the worker at least once.

procrastinate keeps them in PostgreSQL. Its SQL function is called through our connection, so
that a rolled-back request leaves no job, and a committed one never loses it.
"""

import json
from typing import Any

from sqlalchemy import text

from shared import contexte
from shared.socle.db import Transaction

# Version-pinned with procrastinate's minor in pyproject.toml.
_DIFFERER = text(
    "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, :lock, NULL,"
    " cast(:args AS jsonb), cast(NULL AS timestamptz))::procrastinate_job_to_defer_v1]))"
)


async def differer(
    tx: Transaction, file: str, tache: str, *, verrou: str | None = None, **arguments: Any
) -> None:
    """Enqueue a job: it exists if, and only if, the transaction commits.

    Args:
        tx: the transaction that makes the job necessary.
        file: the queue, which is the service's name.
        tache: the task's name, as the service registers it.
        verrou: jobs of one lock run one at a time.
        arguments: JSON values, identifiers only: they are readable in the database.
    """
    await tx.execute(
        _DIFFERER,
        {
            "queue": file,
            "task": tache,
            "lock": verrou,
            "args": json.dumps(
                {
                    **arguments,
                    "collectivite": tx.collectivite,
                    "traceparent": contexte.traceparent(),
                }
            ),
        },
    )
