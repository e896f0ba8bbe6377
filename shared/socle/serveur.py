"""How an app is served, and how it stops: whoever calls is warned first, and no request is cut.

    python -m shared.socle.serveur services.orientation.app --port 8701

Asked to stop (SIGTERM), a service goes on answering while `/sante/pret` says 503: whoever sends it
requests has the time to send them elsewhere. Then uvicorn closes the door, and waits for what is
inside.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from shared.socle.contrat import DELAI_MAX_MS
from shared.socle.demarrage import chargement
from shared.socle.protocole import Protocole

# Whoever was admitted has its time. Only an upload may take more: it is to be sent again.
FIN_S = DELAI_MAX_MS // 1000


@contextmanager
def arret_annonce(annoncer: Callable[[], None], delai_s: float) -> Iterator[None]:
    """Call `annoncer` when asked to stop, and let uvicorn stop `delai_s` later."""
    fermer = signal.getsignal(signal.SIGTERM)
    if not callable(fermer):  # nobody serves: nobody is asked to stop
        yield
        return
    loop = asyncio.get_running_loop()

    def commencer() -> None:
        annoncer()
        loop.call_later(delai_s, fermer, signal.SIGTERM, None)

    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(commencer))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, fermer)


class _Superviseur(Multiprocess):
    """uvicorn's, without the parent's own hold on the door.

    Open there, it would take connections that no process is left to answer.
    """

    def terminate_all(self) -> None:
        super().terminate_all()
        for prise in self.sockets:
            prise.close()


def servir(module: str, *, host: str, port: int, workers: int) -> None:
    """Serve the app that `create` of a module makes, until a signal asks to stop."""
    # uvicorn ends by the signal that stopped it; a stop that was asked for is a success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    config = uvicorn.Config(
        f"{module}:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=Protocole,
        ws="none",
        log_level="warning",
        access_log=False,  # ours, in JSON
        timeout_keep_alive=30,
        timeout_graceful_shutdown=FIN_S,
    )
    with suppress(KeyboardInterrupt):
        if workers > 1:
            superviseur = _Superviseur(config, sockets=[config.bind_socket()])
            superviseur.run()
            # With one process, uvicorn says so by itself.
            if any(one.exitcode == STARTUP_FAILURE for one in superviseur.processes):
                sys.exit(STARTUP_FAILURE)
        else:
            with chargement():
                config.load()
            uvicorn.Server(config).run()


def main() -> None:
    """Read the command line, and serve."""
    options = argparse.ArgumentParser(prog="python -m shared.socle.serveur")
    options.add_argument("module")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--workers", type=int, default=1)
    servir(**vars(options.parse_args()))


if __name__ == "__main__":
    main()
