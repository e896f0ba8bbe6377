"""Exports: what another tool reads, and may check again."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from services.financement.exports import queries, rules, scdl
from services.financement.journal.queries import read_suite
from services.financement.journal.routes import rendre_ecriture
from services.financement.points_etape.queries import last_seq
from services.financement.publications.rules import etat_publication
from shared.schemas.commun import DateCivile
from shared.schemas.financement.exports import (
    EcheancePublication,
    FormePeriode,
    PageEcheancesPublication,
)
from shared.schemas.parcours.employeurs import Siret
from shared.socle.auth import Acces
from shared.socle.contrat import portee, prefere, routeur, sans_delai
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("exports")
echeances = routeur("echeances")

_Seq = Annotated[int, Field(ge=1, le=2_147_483_647)]
# Read from a query, where all is text: `Annee` is strict.
_Exercice = Annotated[int, Field(ge=1900, le=2200)]
_SEPARATEURS = {FormePeriode.SCHEMA: "/", FormePeriode.ARRETE: "_"}
_CSV, _TEXTE = "text/csv", "text/plain"


@router.get(
    "/exports/journal",
    summary="Exporter le journal, en CSV ou en texte à parties doubles",
    dependencies=[portee("financement:exporter")],
    response_class=Response,
    responses={
        200: {
            "description": "Une ligne CSV par ligne d'écriture, ou le texte que lit beancount",
            "content": {
                _CSV: {
                    "schema": {"type": "string"},
                    "example": '"Rang","Écriture","Date d\'effet"\r\n'
                    '"1","019cb40d-5aa0-7a3e-9c55-0d1b7f6e2c48","2024-01-01"\r\n',
                },
                _TEXTE: {
                    "schema": {"type": "string"},
                    "example": '2024-01-01 * "ouverture" "Arrêté d\'attribution"\n'
                    "  Assets:Eng:Disponible:O-019b789f-d7a0-711d-ab0d-549b6f03675a  100.00 EUR\n"
                    "  Equity:Eng:Ouvert:O-019b789f-d7a0-711d-ab0d-549b6f03675a  -100.00 EUR\n",
                },
            },
        },
    },
)
@sans_delai
async def exporter_journal(
    request: Request,
    service: ServiceDep,
    seq_min: Annotated[_Seq, Query(description="Premier rang, inclus", examples=[1])] = 1,
    seq_max: Annotated[
        _Seq | None, Query(description="Dernier rang, inclus ; absent : le dernier", examples=[500])
    ] = None,
) -> Response:
    """Rend les écritures d'un rang à un autre, dans l'ordre, au fil de leur lecture.

    `Accept` choisit : `text/csv`, une ligne par ligne d'écriture, ou `text/plain`, un journal que
    beancount lit et vérifie. Un compte y est ouvert par la première écriture qui le touche. Portée
    `financement:exporter`.
    """
    acces: Acces = request.state.acces
    en_csv = prefere(request, (_CSV, _TEXTE)) == _CSV
    async with service.base.transaction(acces) as tx:
        dernier = await last_seq(tx)
    jusqu_a = dernier if seq_max is None else min(seq_max, dernier)

    async def morceaux() -> AsyncIterator[bytes]:
        # A transaction a stretch: one held while a slow reader reads would delay every feed.
        apres, ouverts = seq_min - 1, set[str]()
        if en_csv:
            yield rules.journal_csv([], entetes=True).encode()
        while apres < jusqu_a:
            async with service.base.transaction(acces) as tx:
                rows = await read_suite(tx, apres)
            if not rows:
                break
            ecritures = [rendre_ecriture(row) for row in rows if row.seq <= jusqu_a]
            part = (
                rules.journal_csv(ecritures, entetes=False)
                if en_csv
                else rules.journal_texte(ecritures, ouverts)
            )
            yield part.encode()
            apres = rows[-1].seq

    nom = "journal.csv" if en_csv else "journal.beancount"
    return StreamingResponse(
        morceaux(),
        media_type=_CSV if en_csv else _TEXTE,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{nom}"',
            "Vary": "Accept",
        },
    )


@router.get(
    "/exports/engage-non-mandate",
    summary="Exporter ce qui est engagé et non mandaté, ou réservé, un jour",
    dependencies=[portee("financement:exporter")],
    response_class=Response,
    responses={
        200: {
            "description": "Une ligne par enveloppe qui a un reste",
            "content": {
                _CSV: {
                    "schema": {"type": "string"},
                    "example": '"Enveloppe","Exercice"\r\n"35-CLS-2024-etat","2024"\r\n',
                },
            },
        },
    },
)
async def exporter_engage_non_mandate(
    tx: TransactionDep,
    service: ServiceDep,
    au: Annotated[
        DateCivile | None,
        Query(description="Jour d'effet, inclus ; absent : aujourd'hui", examples=["2026-12-31"]),
    ] = None,
) -> Response:
    """Rend l'état des dépenses engagées non mandatées, et des réservations en attente.

    C'est ce qui fixe, au 31 décembre, ce qui est reporté. Portée `financement:exporter`.
    """
    jour = au or await service.aujourdhui(tx)
    rows = await queries.list_restes(tx, jour)
    lignes = [(row.reference, row.exercice, row.financeur, row.soldes) for row in rows]
    return Response(
        rules.restes_csv(lignes),
        media_type=_CSV,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="engage-non-mandate-{jour}.csv"',
        },
    )


@router.get(
    "/exports/reservations-en-attente",
    summary="Exporter les réservations en attente",
    dependencies=[portee("financement:exporter")],
    response_class=Response,
    responses={
        200: {
            "description": "Une ligne par réservation et par ligne d'enveloppe qu'elle retient",
            "content": {
                _CSV: {
                    "schema": {"type": "string"},
                    "example": '"Réservation","Action","Enveloppe"\r\n'
                    '"019cb368-8f21-7c38-b1f9-2a64d07e8c5b","permis","35-CLS-2024-etat"\r\n',
                },
            },
        },
    },
)
async def exporter_reservations_en_attente(tx: TransactionDep, service: ServiceDep) -> Response:
    """Rend ce qui est retenu à l'instant, ni confirmé, ni annulé, ni échu, et jusqu'à quand.

    Une réservation qui retient plusieurs enveloppes y a une ligne de chacune ; ses places sont sur
    la première. Qui en bénéficie n'y est pas. Portée `financement:exporter`.
    """
    instant = service.horloge()
    rows = await queries.list_en_attente(tx, instant)
    return Response(
        rules.en_attente_csv(rows),
        media_type=_CSV,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'attachment; filename="reservations-en-attente.csv"',
        },
    )


@router.get(
    "/exports/scdl",
    summary="Exporter les données essentielles des subventions d'un exercice",
    dependencies=[portee("financement:exporter")],
    response_class=Response,
    responses={
        200: {
            "description": "Un fichier SCDL subventions 2.1.1, une ligne par bénéficiaire",
            "content": {
                _CSV: {
                    "schema": {"type": "string"},
                    "example": ",".join(scdl.COLONNES) + "\r\n",
                },
            },
        },
    },
)
async def exporter_scdl(
    tx: TransactionDep,
    exercice: Annotated[_Exercice, Query(description="Exercice", examples=[2026])],
    siret_attribuant: Annotated[
        Siret, Query(description="SIRET du Département", examples=["10000000900017"])
    ],
    periode: Annotated[
        FormePeriode, Query(description="Séparateur des périodes", examples=["schema"])
    ] = FormePeriode.SCHEMA,
) -> Response:
    """Rend les conventions de subvention signées, de plus de 23 000 euros dans l'exercice.

    Le montant est ce que l'exercice ouvre. Une ligne qu'un champ faux empêche de publier n'y est
    pas : `GET /v1/echeances` la nomme, et ce champ. Portée `financement:exporter`.
    """
    scdl.verifier_attribuant(siret_attribuant)
    attribuant = await queries.read_attribuant(tx)
    rows = await queries.list_subventions(tx, exercice)
    lignes = [_subvention(row, attribuant, siret_attribuant) for row in rows]
    partielles = scdl.defauts_parts(lignes)
    bonnes = [
        ligne for ligne in lignes if not scdl.defauts(ligne) and ligne.reference not in partielles
    ]
    return Response(
        scdl.ecrire(bonnes, separateur=_SEPARATEURS[periode]),
        media_type=_CSV,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="subventions-{exercice}.csv"',
        },
    )


@echeances.get(
    "/echeances",
    response_model=PageEcheancesPublication,
    summary="Lister les données de subventions à publier",
    dependencies=[portee("financement:lire")],
)
async def lister_echeances(
    page: Annotated[
        PageDemandee,
        page_de(
            PageEcheancesPublication, "-cree_le", "date_signature", intervalle="date_signature"
        ),
    ],
    tx: TransactionDep,
    service: ServiceDep,
    date_signature_min: Annotated[
        DateCivile | None, Query(description="Signées ce jour ou après", examples=["2026-01-01"])
    ] = None,
    date_signature_max: Annotated[
        DateCivile | None, Query(description="Signées ce jour ou avant", examples=["2026-12-31"])
    ] = None,
) -> Response:
    """Rend les subventions de plus de 23 000 euros dans un exercice, dues trois mois après.

    À risque dès deux mois ; le dernier jour est encore à temps. Une fois publiées, elles restent
    listées : `respectee`, ou `depassee` si c'était trop tard. Portée `financement:lire`.
    """
    jour = await service.aujourdhui(tx)
    rows = await queries.list_echeances(tx, page, date_signature_min, date_signature_max)
    return rendre_page(page, rows, lambda row: _echeance(row, jour))


def _subvention(row: Row[Any], attribuant: str, siret_attribuant: str) -> scdl.Subvention:
    beneficiaire = row.beneficiaire or {}
    debut: date = row.fenetre_debut or row.date_effet or row.date_signature
    return scdl.Subvention(
        reference=row.reference,
        attribuant=attribuant,
        siret_attribuant=siret_attribuant,
        date_convention=row.date_signature,
        decision=row.reference_deliberation,
        beneficiaire=beneficiaire.get("nom", ""),
        siret=beneficiaire.get("siret"),
        rna=beneficiaire.get("rna"),
        objet=row.intitule,
        montant_centimes=row.montant_centimes,
        debut=debut,
        fin=row.fenetre_fin or debut,
    )


def _echeance(row: Row[Any], jour: date) -> EcheancePublication:
    alerte, limite = scdl.dates_publication(row.date_signature)
    etat = etat_publication(
        alerte=alerte, limite=limite, publiee=row.date_publication, aujourdhui=jour
    )
    # The département's own SIRET is the caller's: it is checked when the file is made.
    defauts = scdl.defauts(_subvention(row, "", "0" * 14))
    return EcheancePublication(
        id=row.id,
        reference=row.reference,
        beneficiaire=(row.beneficiaire or {}).get("nom") or "Inconnu",
        montant_centimes=row.montant_centimes,
        date_signature=row.date_signature,
        date_alerte=alerte,
        date_limite=limite,
        date_publication=row.date_publication,
        etat=etat,
        defauts=[champ for champ in defauts if champ != "idAttribuant"],
        cree_le=row.cree_le,
    )
