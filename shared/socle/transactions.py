"""The transaction of a request, as its route asks for it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Request
from fastapi.params import Depends

from shared.socle.db import Transaction
from shared.socle.service import Service


async def get_transaction(request: Request) -> AsyncIterator[Transaction]:
    """Commit when the route returns, roll back when it raises."""
    async with request.app.state.service.base.transaction(request.state.acces) as tx:
        yield tx
        # What an act shows is judged while it can be undone.
        if (juger := getattr(request.state, "juger", None)) is not None:
            await juger(tx)


async def get_service(request: Request) -> Service:
    """What the service holds: clock, secrets, siblings, and transactions of one's own."""
    service: Service = request.app.state.service
    return service


# scope="function" commits before the response leaves: with FastAPI's default scope the
# caller would read a success while the commit may still fail.
TransactionDep = Annotated[Transaction, Depends(get_transaction, scope="function")]
ServiceDep = Annotated[Service, Depends(get_service)]
