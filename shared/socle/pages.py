"""Lists by keyset: a page, and a signed cursor bound to who asked for what (contract guide, 6)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import Query, Request
from fastapi.params import Depends
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import ColumnElement, Row, Select, and_, column, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from starlette.responses import Response

from shared.refus import Erreur, Refus, Validation
from shared.schemas.commun import LIMITE_MAX, MEDIA_PARTIEL, Page, PagePartielle
from shared.socle.auth import Acces
from shared.socle.coffre import Coffre
from shared.socle.contrat import EnteteInvalide
from shared.socle.db import Transaction
from shared.socle.reponses import Effet, rendre

CURSEUR_S = 24 * 3600
# A range is counted from the first element: all before it is read again, so it begins no further.
UNITE, PREMIER_MAX = "items", 3_000
_INTERVALLE = re.compile(rf"{UNITE}=(0|[1-9][0-9]{{0,5}})-(0|[1-9][0-9]{{0,5}})")


class CurseurInvalide(Refus):
    code = "curseur-invalide"


class CurseurExpire(Refus):
    code = "curseur-expire"


def signer(coffre: Coffre, contenu: dict[str, Any]) -> str:
    """Make an opaque, URL-safe and authenticated cursor."""
    message = json.dumps(contenu, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(coffre.signature(message) + message).decode().rstrip("=")


def verifier(coffre: Coffre, curseur: str) -> dict[str, Any]:
    """Read a cursor that we made.

    Raises:
        CurseurInvalide: it was not made by us.
    """
    try:
        raw = base64.urlsafe_b64decode(curseur + "=" * (-len(curseur) % 4))
        signature, message = raw[:16], raw[16:]
        # The alphabet has spare bits: only the one spelling that we gave is ours.
        if not hmac.compare_digest(signature, coffre.signature(message)) or (
            base64.urlsafe_b64encode(raw).decode().rstrip("=") != curseur
        ):
            raise CurseurInvalide
        found: dict[str, Any] = json.loads(message)
    except (ValueError, binascii.Error):
        raise CurseurInvalide from None
    return found


@dataclass(frozen=True)
class PageDemandee:
    """Which page of which list, in which order: what a cursor must still agree with.

    Args:
        limite: elements read at the most, those before `debut` too.
        tri: the column that orders the list, after a minus when the greatest comes first.
        apres: value of that column and id of the last element shown; none on the first page.
        champs: the fields to show of each element; none: all.
        ids: the only elements wanted, for a job that knows which; none: all.
        debut: rank of the first element wanted, from 0, by `Range`; none: a page was asked.
    """

    modele: type[Page[Any]]
    limite: int
    tri: str
    apres: Sequence[Any] | None
    champs: frozenset[str]
    request: Request
    ids: Sequence[UUID] | None = None
    debut: int | None = None

    @property
    def coffre(self) -> Coffre:
        """The secret that signs cursors."""
        coffre: Coffre = self.request.app.state.service.coffre
        return coffre

    @property
    def maintenant(self) -> int:
        """The service's clock, in seconds."""
        return int(self.request.app.state.service.horloge().timestamp())

    def montrees(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """Those of the rows read that the answer shows."""
        return rows[self.debut or 0 : self.limite]

    @property
    def lien(self) -> str:
        """Client, collectivité, list, filters and order: a cursor holds for these and no others.

        What an element shows changes neither the elements nor their order.
        """
        acces: Acces = self.request.state.acces
        filtres = sorted(
            (nom, valeur)
            for nom, valeur in self.request.query_params.multi_items()
            if nom not in ("curseur", "limite", "champs", "tri")
        )
        asked = [acces.client_id, acces.collectivite, self.request.url.path, filtres, self.tri]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def page_de(
    modele: type[Page[Any]],
    *tris: str,
    intervalle: str | None = None,
    etats: Collection[str] = (),
) -> Any:
    """Declare the page of a list: what it shows, and the closed list of its orders.

    An order must be a column that never changes, or an element could be met twice, or never. A
    range comes in the order of its own column: no index gives it in another, and all that answers
    would be read to be sorted, the more of it the more people there are. It is the one exception:
    of a column that changes, what moves while the pages are read may be met twice, or never.

    Args:
        modele: the page, whose elements name the fields that `champs` may ask for.
        tris: columns to sort by; the first, its minus included, is the order when none is asked.
        intervalle: the one of them that the list takes a range of.
        etats: values of the filter `etat` that are such a range too.
    """
    defaut, *autres = tris or ("-cree_le",)
    rangent = {f"{intervalle}_min", f"{intervalle}_max"}
    ordre = (
        "Ordre de la liste ; `-` : du plus grand au plus petit. À égalité, l'identifiant départage"
    )
    if intervalle is not None:
        ou = f", ou `etat` à {', '.join(f'`{etat}`' for etat in etats)}" if etats else ""
        ordre += (
            f". Sans rien demander, `{defaut}` ; avec un intervalle de `{intervalle}`{ou},"
            f" `{intervalle}`, et tout autre que lui ou `-{intervalle}` est refusé"
        )
    triables = "|".join(dict.fromkeys(nom.lstrip("-") for nom in (defaut, *autres)))
    (element,) = get_args(modele.model_fields["elements"].annotation)
    champ = "|".join(element.model_fields)

    async def get_page(
        request: Request,
        limite: Annotated[
            int, Query(ge=1, le=LIMITE_MAX, description="Nombre d'éléments par page", examples=[50])
        ] = 50,
        curseur: Annotated[
            str | None,
            Query(
                max_length=1000,
                description="Curseur opaque de `pagination.suivant` ; lié au client, aux filtres et"
                " au tri",
                examples=["WyJvcGFxdWUiXQ"],
            ),
        ] = None,
        tri: Annotated[
            str | None,
            Query(
                pattern=f"^-?({triables})$",
                max_length=40,
                description=ordre,
                examples=[defaut],
            ),
            # Published where it is the default whatever the filters.
        ] = defaut if intervalle is None else None,
        champs: Annotated[
            str | None,
            Query(
                pattern=f"^({champ})(,({champ}))*$",
                max_length=len(",".join(element.model_fields)),
                description="Seuls champs à rendre de chaque élément, séparés par des virgules ; la"
                f" réponse est alors en `{MEDIA_PARTIEL}`",
                examples=[",".join(list(element.model_fields)[:2])],
            ),
        ] = None,
    ) -> PageDemandee:
        """Read which page is asked; a cursor grants nothing, rights are checked on every page."""
        champs_voulus = frozenset(champs.split(",") if champs else ())
        demandes = request.query_params.multi_items()
        if intervalle and any(
            nom in rangent or (nom == "etat" and valeur in etats) for nom, valeur in demandes
        ):
            tri = tri or intervalle
            if tri.lstrip("-") != intervalle:
                message = "Un intervalle se lit dans l'ordre de sa colonne"
                raise Validation([Erreur("?tri", "hors-bornes", message)])
        demande = PageDemandee(modele, limite, tri or defaut, None, champs_voulus, request)
        intervalle_lu = _intervalle(request)
        if curseur is None:
            if intervalle_lu is None:
                return demande
            premier, dernier = intervalle_lu
            return replace(demande, debut=premier, limite=dernier + 1)
        if intervalle_lu is not None:
            raise EnteteInvalide(entete="Range")  # two ways of saying where the page begins
        found = verifier(demande.coffre, curseur)
        if found.get("p") != demande.lien:
            raise CurseurInvalide
        if demande.maintenant - found["t"] > CURSEUR_S:
            raise CurseurExpire
        return replace(demande, apres=found["k"])

    return Depends(get_page)


def _intervalle(request: Request) -> tuple[int, int] | None:
    """The first and last ranks that `Range` asks for; another unit is not ours to read.

    Raises:
        EnteteInvalide: it is not one range, or it is too long, or begins too far.
    """
    received = ", ".join(request.headers.getlist("range")).strip()
    unite, egal, _ = received.partition("=")
    # A condition on a collection never holds: it has no version (RFC 9110, 13.1.5).
    if not received or "if-range" in request.headers or (egal and unite.lower() != UNITE):
        return None
    found = _INTERVALLE.fullmatch(received)
    premier, dernier = (int(found[1]), int(found[2])) if found else (1, 0)
    if not premier <= dernier < premier + LIMITE_MAX or premier > PREMIER_MAX:
        raise EnteteInvalide(entete="Range", elements_max=LIMITE_MAX, premier_max=PREMIER_MAX)
    return premier, dernier


def parmi(colonne: Any, valeurs: Sequence[Any]) -> ColumnElement[bool]:
    """Several values of a filter: any of them; none given: all that there is."""
    return colonne.in_(valeurs) if valeurs else true()


def entre(colonne: Any, minimum: Any, maximum: Any) -> ColumnElement[bool]:
    """A range, both ends included; an end that is not given is open."""
    return and_(
        true() if minimum is None else colonne >= minimum,
        true() if maximum is None else colonne <= maximum,
    )


def trancher(
    statement: Select[*tuple[Any, ...]],
    table: Any,
    demande: PageDemandee,
    tete: tuple[Any, Any] | None = None,
) -> Select[*tuple[Any, ...]]:
    """Cut a list to one row more than the page, in the order asked, ties broken by id.

    Args:
        statement: the list.
        table: its columns.
        demande: the page, its order, and where the one before ended.
        tete: a column and the one value wanted of it, common but not everywhere along the order.
            Said as the head of the order and not as an equality, only the index that begins with
            it gives that order: the other one would be read until the value is met at last.
    """
    colonne = getattr(table, demande.tri.lstrip("-"))
    tetes, valeurs = ([tete[0]], (tete[1],)) if tete else ([], ())
    if tete:
        statement = statement.where(tete[0].between(tete[1], tete[1]))
    if demande.ids is not None:
        statement = statement.where(table.id.in_(demande.ids))
    descend = demande.tri.startswith("-")
    if demande.apres is not None:
        valeur, identifiant = demande.apres
        lue = _lecteur(colonne.type.python_type).validate_python(valeur)
        last = (*valeurs, lue, UUID(identifiant))
        here = tuple_(*tetes, colonne, table.id)
        statement = statement.where(here < last if descend else here > last)
    order = [one.desc() if descend else one.asc() for one in (*tetes, colonne, table.id)]
    return statement.order_by(*order).limit(demande.limite + 1)


def par_tranches(
    statement: Select[*tuple[Any, ...]],
    colonne: Any,
    valeurs: Sequence[Any],
    table: Any,
    demande: PageDemandee,
    tete: tuple[Any, Any] | None = None,
) -> Select[*tuple[Any, ...]]:
    """Filter a list by several values; each one's part is cut to the page before they are mixed.

    An index that begins with the column has each part in order, and not the whole: all that
    matches would be read and sorted, or all that does not be passed over.
    """
    if not valeurs:
        return trancher(statement, table, demande, tete) if tete else statement
    # A value asked twice is one part: its rows would come twice.
    voulues = func.unnest(literal(list(dict.fromkeys(valeurs)), ARRAY(colonne.type)))
    voulue = voulues.table_valued(column("valeur", colonne.type)).render_derived()
    tranche = trancher(statement.where(colonne == voulue.c.valeur), table, demande, tete).lateral()
    return select(tranche).join_from(voulue, tranche, true())


@cache
def _lecteur(type_: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


async def paginer(
    tx: Transaction,
    statement: Select[*tuple[Any, ...]],
    table: Any,
    demande: PageDemandee,
    parameters: dict[str, Any] | None = None,
) -> Sequence[Row[Any]]:
    """Return the rows of `trancher`."""
    return (await tx.execute(trancher(statement, table, demande), parameters)).all()


def rendre_page(
    demande: PageDemandee,
    rows: Sequence[Row[Any]],
    element: Callable[[Row[Any]], BaseModel],
    *,
    ordre: Callable[[Any], Any] | None = None,
) -> Response:
    """Render rows of `paginer`, with `Link: rel=next` when there is more.

    Args:
        ordre: of the elements inside the page; the pages follow the rows.
    """
    shown = demande.montrees(rows)
    suivant = None
    if len(rows) > demande.limite:
        suivant = _url(demande.request, curseur=_curseur(demande, shown[-1]))
    elements = [element(row) for row in shown]
    if ordre is not None:
        elements.sort(key=ordre)
    pagination = {"limite": demande.limite - (demande.debut or 0), "suivant": suivant}
    headers = {"Accept-Ranges": UNITE}
    if suivant:
        headers["Link"] = f'<{suivant}>; rel="next"'
    status = 200
    if demande.debut is not None:
        status = 206
        headers["Content-Range"] = _etendue(demande.debut, len(shown), len(rows), suivant)
    if not demande.champs:
        page = demande.modele.model_validate({"elements": elements, "pagination": pagination})
        return rendre(Effet(page, status=status, headers=headers))
    # Cut, an element shows somebody all the same: who reads answers reads it whole.
    demande.request.state.entiers = to_json(elements)
    trimmed = [one.model_dump(mode="json", include=set(demande.champs)) for one in elements]
    partielle = PagePartielle.model_validate({"elements": trimmed, "pagination": pagination})
    headers["Content-Type"] = MEDIA_PARTIEL
    return rendre(Effet(partielle, status=status, headers=headers))


def _etendue(debut: int, montrees: int, lues: int, suivant: str | None) -> str:
    """What `Content-Range` says: the ranks shown, and how many there are once all were read."""
    rangs = f"{debut}-{debut + montrees - 1}" if montrees else "*"
    return f"{UNITE} {rangs}/{'*' if suivant else lues}"


def _curseur(demande: PageDemandee, last: Row[Any]) -> str:
    key = [getattr(last, demande.tri.lstrip("-")), last.id]
    return signer(
        demande.coffre,
        {"k": to_jsonable_python(key), "p": demande.lien, "t": demande.maintenant},
    )


def _url(request: Request, **replaced: str) -> str:
    base = request.app.state.service.reglages.url.rstrip("/")
    return f"{base}{request.url.path}?{request.url.include_query_params(**replaced).query}"
