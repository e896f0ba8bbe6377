"""The worker: runs the jobs of the services it is given, and follows their siblings' feeds.

    python -m shared.socle.travailleur orientation parcours financement

A service says what it does in `services/<name>/taches.py`: `TACHES`, `PERIODIQUES`, `SUIVIS`.
It is reached by name, as uvicorn reaches its app: nothing here imports a service.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import ProcrastinateException
from sqlalchemy import select

from shared import contexte
from shared.socle import observabilite, problems, retention
from shared.socle.demarrage import chargement
from shared.socle.exports.travail import purger_exports
from shared.socle.imports import travail as imports
from shared.socle.service import Service, ouvrir
from shared.socle.suivi import Suivi, suivre
from shared.socle.tables import Collectivite
from shared.socle.webhooks import travail as webhooks

Tache = Callable[..., Awaitable[None]]
# Some forty minutes: a database that went away is back, or a person is needed.
ESSAIS_MAX = 30
_ARRET_S = 8

_log = structlog.get_logger()


@dataclass(frozen=True)
class Travail:
    """What one service asks of the worker.

    Args:
        taches: by name, coroutine functions of (service, **arguments).
        abandons: by name of a task, what is done instead once it has failed `ESSAIS_MAX` times:
            what it was for says so, and no longer holds back what waits behind it. Of the others,
            which nobody could ask for again, none is given up.
        periodiques: by name, seconds between runs and a coroutine function of
            (service, collectivite), run for each collectivité.
        suivis: the feeds it follows.
    """

    taches: Mapping[str, Tache]
    abandons: Mapping[str, Tache]
    periodiques: Mapping[str, tuple[float, Tache]]
    suivis: Sequence[Suivi]


async def travailler(noms: Sequence[str]) -> None:
    """Work until a signal asks to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        with chargement():
            travaux: dict[str, Travail] = {
                nom: importlib.import_module(f"services.{nom}.taches").TRAVAIL for nom in noms
            }
        tasks: list[asyncio.Task[None]] = []
        for nom, travail in travaux.items():
            reglages = importlib.import_module(f"services.{nom}.settings").Settings()
            observabilite.configure("travailleur", reglages.journal)
            service = await stack.enter_async_context(ouvrir(nom, reglages))
            tasks.append(asyncio.create_task(_run_jobs(service, travail)))
            tasks.append(asyncio.create_task(_tend(service, travail)))
        _log.info("travailleur_pret", services=list(noms))
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_ARRET_S)


async def _run_jobs(service: Service, travail: Travail) -> None:
    """Run the service's queue; a database that went away is waited for."""
    while True:
        connector = procrastinate.PsycopgConnector(
            conninfo=service.reglages.postgres.get_secret_value(), min_size=1, max_size=4
        )
        app = procrastinate.App(connector=connector)
        for name, tache in travail.taches.items():
            # Less and less often: after 5 seconds, and 5 more each time.
            app.task(
                name=name,
                pass_context=True,
                retry=procrastinate.RetryStrategy(wait=5, linear_wait=5),
            )(essayer(service, tache, travail.abandons.get(name)))
        try:
            async with app.open_async():
                rescue = asyncio.create_task(_rescue(app))
                try:
                    await app.run_worker_async(
                        queues=[service.nom],
                        concurrency=2,
                        install_signal_handlers=False,
                        update_heartbeat_interval=2,
                        stalled_worker_timeout=10,
                        shutdown_graceful_timeout=5,
                        fetch_job_polling_interval=2,
                    )
                finally:
                    rescue.cancel()
        except Exception as error:  # whatever it is, the queue is to be run
            problems.log_fault(error)
            await asyncio.sleep(1)


def essayer(
    service: Service, tache: Tache, abandon: Tache | None
) -> Callable[..., Awaitable[None]]:
    """Make what the queue runs of a task: tried again while it fails, or given up for good."""

    async def run(essai: procrastinate.JobContext, *, traceparent: str, **arguments: Any) -> None:
        contexte.adopt(traceparent)
        try:
            await tache(service, **arguments)
        except Exception as error:
            problems.log_fault(error)
            if abandon is None or essai.job.attempts < ESSAIS_MAX:
                raise
            await abandon(service, **arguments)

    return run


async def _rescue(app: procrastinate.App) -> None:
    """Give back to the queue what a killed worker was doing."""
    while True:
        await asyncio.sleep(3)
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=10):
                await app.job_manager.retry_job(job)
        except (ProcrastinateException, OSError) as error:
            problems.log_fault(error)


async def _tend(service: Service, travail: Travail) -> None:
    """Keep one follower per feed and collectivité, and run what is periodic."""
    running: dict[tuple[str, str], asyncio.Task[None]] = {}
    try:
        while True:
            for collectivite in await _collectivites(service):
                for suivi in travail.suivis:
                    key = (suivi.source, collectivite)
                    if key not in running:
                        running[key] = asyncio.create_task(suivre(service, suivi, collectivite))
                if ("webhooks", collectivite) not in running:
                    running["webhooks", collectivite] = asyncio.create_task(
                        webhooks.tenir(service, collectivite)
                    )
                periodiques = {
                    "purger": (retention.PAUSE_S, retention.purger),
                    "purger_exports": (retention.PAUSE_S, purger_exports),
                    "purger_imports_lignes": (retention.PAUSE_S, imports.purger_imports),
                }
                for name, (pause, tache) in (periodiques | dict(travail.periodiques)).items():
                    key = (name, collectivite)
                    if key not in running:
                        running[key] = asyncio.create_task(
                            repeter(service, tache, pause, collectivite)
                        )
            await asyncio.sleep(1)
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)


async def repeter(service: Service, tache: Tache, pause: float, collectivite: str) -> None:
    """Run a sweep for ever, at each pause or as soon as the sandbox's clock has moved."""
    while True:
        contexte.adopt(None)
        # Taken before the run: moved during it, the clock has passed what it had read already.
        saut = service.saut()
        try:
            await tache(service, collectivite)
        except Exception as error:  # the next run tries again
            problems.log_fault(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(saut.wait(), pause)


async def _collectivites(service: Service) -> Sequence[str]:
    try:
        async with service.base.engine.connect() as connexion:
            return (await connexion.execute(select(Collectivite.collectivite))).scalars().all()
    except Exception as error:  # the database is away: whoever is followed stays followed
        problems.log_fault(error)
        return []


async def _main(noms: Sequence[str]) -> None:
    code = 1
    try:
        await travailler(noms)
        code = 0
    except Exception as error:
        problems.log_fault(error)
    finally:
        # A job queue whose database is gone waits for it, deaf to cancellation, and the loop
        # would wait with it. Nothing is lost by leaving: what was under way is taken up again,
        # whole, by the next worker.
        os._exit(code)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
