"""What uvicorn leaves unbounded: the head of a request, and what follows an answer.

Its parser takes a head of any size, and waits for its end for ever; what it cannot read it
answers in plain text. Here a head has 32 KiB and ten seconds, and every refusal is a problem.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.socle import problems
from shared.socle.contrat import EnteteInvalide

TETE_MAX = 32 * 1024
ATTENTE_S = 10


class Protocole(HttpToolsProtocol):
    """A connection whose client may not make us wait, nor keep, without end."""

    _head = 0
    _deaf = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes outside of a body: a head, trailers, or the extensions of a chunk."""
        if self._deaf:
            return
        self._head += len(data)
        super().data_received(data)
        if self._head > TETE_MAX and not self._deaf:
            self.send_400_response("")
        # A blank line begins no message, and has stopped uvicorn's own wait for one.
        idle = self.cycle is None or self.cycle.response_complete
        if self._timer is None and idle:
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head has ended: from here, the route bounds the time."""
        self._stop()
        # By its parts, for the body may have come in the same packet.
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > TETE_MAX:
            raise ValueError  # the parser's way to a 400
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A body goes on."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        self._head = 0
        self._stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has left; what it did not want of a body is waited for, and dropped."""
        if self.cycle.response_complete and self.cycle.more_body:
            self._wait()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say in our language that the request cannot be read, and that we no longer listen.

        Closed at once, with more to read, the connection would be reset, and the answer lost.
        """
        self._deaf = True
        if self.cycle is not None and not self.cycle.response_complete:
            if not self.cycle.more_body:  # what came before was whole: answered, it is the last
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True  # nobody is to answer it twice
            self.cycle.message_event.set()
        answer = problems.render(EnteteInvalide())
        lines = [(b"connection", b"close"), *answer.raw_headers]
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        self.transport.write(STATUS_LINE[400] + head + b"\r\n" + bytes(answer.body))
        self.transport.write_eof()
        self._wait()

    def _wait(self) -> None:
        self._stop()
        self._timer = self.loop.call_later(ATTENTE_S, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
