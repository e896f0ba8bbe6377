"""Serve an app that dies where it is told to: at a point of a request that bears `X-Coupure`.

    python -m tests.system.coupure services.parcours.app 20002

The app is imported once, and each of its lives is a fork on a socket that outlives it: the next
one answers in a tenth of a second. `X-Coupure: 7` kills at the request's seventh point; each
answer says in `X-Vie` which life gave it.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import httpx
import uvicorn
from asyncpg import Connection
from asyncpg.prepared_stmt import PreparedStatement
from asyncpg.transaction import Transaction
from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local.postgres import mort_avec_parent


def commande(module: str, port: int, **_: Any) -> list[str]:
    """What `deploy.local.services.uvicorn` gives, for a service that can be cut."""
    return [sys.executable, "-m", __name__, module, str(port)]


class Coupure:
    """Count the points of one request, and end the process at the one asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._reste = 0
        self._entourer(PreparedStatement, "fetch")  # every statement of SQLAlchemy, savepoints too
        self._entourer(Connection, "executemany")
        self._entourer(Transaction, "commit")
        self._entourer_appels()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Points: before anything is read; before and after each part of the answer."""

        async def observed(message: Message) -> None:
            self._point()
            await send(message)
            await asyncio.sleep(0)  # uvloop writes at the end of a turn
            self._point()

        self._reste = int(dict(scope.get("headers", ())).get(b"x-coupure", b"0"))
        self._point()
        await self._app(scope, receive, observed)

    def _point(self) -> None:
        self._reste -= 1
        if self._reste == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _entourer(self, classe: type[Any], nom: str) -> None:
        """Points: what is asked of PostgreSQL has left, and nothing came back; all came back."""
        inner: Callable[..., Awaitable[Any]] = getattr(classe, nom)

        async def around(*args: Any, **kwargs: Any) -> Any:
            asyncio.get_running_loop().call_soon(self._point)
            found = await inner(*args, **kwargs)
            self._point()
            return found

        setattr(classe, nom, around)

    def _entourer_appels(self) -> None:
        """Points: a call to a sibling has left, and it is at work; it has answered."""
        inner = httpx.AsyncClient.send

        async def step(name: str, _: Any) -> None:
            if name == "http11.receive_response_headers.started":
                await asyncio.sleep(0)
                self._point()

        async def send(client: httpx.AsyncClient, request: httpx.Request, **rest: Any) -> Any:
            request.extensions["trace"] = step
            found = await inner(client, request, **rest)
            self._point()
            return found

        httpx.AsyncClient.send = send


async def prechauffer(app: FastAPI) -> None:
    """Import and build, for all lives to come, what a first request would."""
    uvicorn.Config(app).load()
    configure_mappers()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        await client.get("/sante/pret")


def vivre(app: ASGIApp, prise: socket.socket) -> None:
    """Serve until told to stop, or killed."""
    demander = mort_avec_parent()
    if demander is not None:
        demander()
    vie = [("X-Vie", str(os.getpid()))]
    config = uvicorn.Config(Coupure(app), log_level="warning", access_log=False, headers=vie)
    uvicorn.Server(config).run(sockets=[prise])


def main(module: str, port: str) -> int:
    """Begin another life as long as the last one was killed."""
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = os.devnull  # none speaks TLS, and authorities are long to read
    app = import_module(module).create()
    asyncio.run(prechauffer(app))
    gc.freeze()
    with socket.create_server(("127.0.0.1", int(port))) as prise:
        while True:
            enfant = os.fork()
            if enfant == 0:
                vivre(app, prise)
                os._exit(0)
            _, statut = os.waitpid(enfant, 0)
            code = os.waitstatus_to_exitcode(statut)
            if code != -signal.SIGKILL:
                return code


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(*sys.argv[1:]))
