"""The one error of France Travail, whichever shape it came in; nothing personal is in its text."""

import json
import re
from typing import Any

import httpx

from shared.clients.france_travail.reprises import Issue, Suite, suite

_BRUT = 1000
# Numbers of persons, tokens, addresses: what a raw answer may quote.
_SECRETS = re.compile(r"\d[\dAB]{7,}|[A-Za-z0-9+/=_.-]{32,}|[\w.+-]+@[\w.-]+")
# What is a word of theirs and no sentence: it is kept and logged, so it may quote nobody.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
# Of the five shapes, what names the error, the surest first.
_NOMS_CODE = ("codeRetour", "codeErreur", "codeSortie", "code", "error", "title")
_NOMS_MESSAGE = ("message", "error_description", "detail", "erreur", "m_messageErreur")
# A success that says so in a code.
_BONS = frozenset({"S001", "C000", "C001"})


class ErreurFranceTravail(Exception):
    """A call that gave nothing.

    Attributes:
        statut: HTTP status; None when no answer came.
        code: their word for it; None when they gave a sentence, or what could be a number.
        message: their text, which may quote a person: shown to nobody, logged nowhere.
        suite: what may follow.
        brut: the beginning of the answer, what could be personal taken out.
    """

    def __init__(
        self,
        issue: Issue,
        suite: Suite,
        *,
        message: str | None = None,
        retry_after: str | None = None,
        brut: str = "",
    ) -> None:
        super().__init__(issue.statut, issue.code)  # all that a log may show
        self.statut, self.code = issue.statut, issue.code
        self.suite = suite
        self.message = message
        self.retry_after = retry_after
        self.brut = brut

    @property
    def a_reprendre(self) -> bool:
        """Whether the same call may succeed later."""
        return self.suite is Suite.REPRENDRE


class CircuitOuvert(ErreurFranceTravail):
    """Too many calls of this product failed: it is left alone for a while."""

    def __init__(self) -> None:
        super().__init__(Issue(None, "circuit-ouvert", partie=False), Suite.REPRENDRE)


def lire_reponse(answer: httpx.Response, *, idempotent: bool) -> Any:
    """Return what a success says, None for 204 or an empty body.

    Raises:
        ErreurFranceTravail: it is none, or says in its body that it is none.
    """
    corps, lisible = _json(answer)
    code, message = _mots(corps, succes=answer.is_success)
    if answer.is_success and lisible and code is None and message is None:
        return corps
    issue = Issue(answer.status_code, code, lisible=lisible)
    raise ErreurFranceTravail(
        issue,
        suite(issue, idempotent=idempotent),
        message=message,
        retry_after=answer.headers.get("Retry-After"),
        brut=_expurger(answer.content),
    )


def _json(answer: httpx.Response) -> tuple[Any, bool]:
    if not answer.content:
        return None, True
    # Some errors say that they are UTF-8 and are not: what can be read of them is enough.
    errors = "strict" if answer.is_success else "replace"
    try:
        return json.loads(answer.content.decode("utf-8", errors=errors)), True
    except ValueError:
        return None, False


def _mots(corps: Any, *, succes: bool) -> tuple[str | None, str | None]:
    """What a body says of an error: nothing, for a success."""
    if not isinstance(corps, dict):
        return None, None
    # A theme of a dossier has a code too: of a success, only those that name its end are read.
    noms = _NOMS_CODE[:3] if succes else _NOMS_CODE
    mots = [str(corps[nom]) for nom in noms if corps.get(nom)]
    if mots and mots[0] in _BONS:
        return None, None
    code = next((mot for mot in mots if _CODE.fullmatch(mot) and not _SECRETS.search(mot)), None)
    textes = (str(corps[nom]) for nom in _NOMS_MESSAGE if corps.get(nom))
    return code, next(textes, mots[0] if mots else None)


def _expurger(content: bytes) -> str:
    text = content[: 4 * _BRUT].decode("utf-8", errors="replace")
    return _SECRETS.sub("…", text)[:_BRUT]
