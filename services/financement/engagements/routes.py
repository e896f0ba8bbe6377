"""Engagements: what is owed, numbered, and who pays which cent of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.autorisations.rules import exige_votee
from services.financement.engagements import queries, rules
from services.financement.journal.queries import PasseNegatif, inscrire
from services.financement.journal.rules import Ecriture, PeriodeClose, transfert
from services.financement.justificatifs.queries import lock_pieces
from services.financement.justificatifs.rules import exige_connues
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_action
from services.financement.reservations.rules import (
    DisponibleInsuffisant,
    HorsPeriode,
    apres_expirations,
    tenues_reservees,
)
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import DateCivile, Identifiant, Operation
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.engagements import (
    DegagementCreation,
    Engagement,
    EngagementCreation,
    EngagementNonMandate,
    PageEngagements,
    PageEngagementsNonMandates,
    StatutEngagement,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("engagements")

EngagementId = Annotated[
    UUID,
    Path(description="Un engagement", examples=["019cb40d-5aa0-78d0-9738-f7d93d9c1724"]),
]


@router.post(
    "/engagements",
    status_code=201,
    response_model=Engagement,
    summary="Engager un montant envers un tiers",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        DisponibleInsuffisant,
        HorsPeriode,
        PasseNegatif,
        PeriodeClose,
        rules.DoubleFinancement,
    ),
)
async def creer_engagement(
    demande: EngagementCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Engage un montant sur les enveloppes de l'action, réparti au centime par sa clé.

    Ne prend pas d'If-Match : le disponible décide. Ce qui semble financé deux fois est dit par
    `avertissements` ; ce qui l'est à coup sûr est refusé. Portée
    `financement.engagement:ecrire`. Publie `financement.engagement.cree`.
    """

    async def engager() -> Effet:
        aujourdhui = await service.aujourdhui(tx)
        jour = rules.verifier_engagement(demande, aujourdhui)
        fuseau, instant = await service.fuseau(tx), service.horloge()
        etat, echues = await lock_action(tx, demande.action_id, instant, paie=True)
        tenues = tenues_reservees(
            apres_expirations(etat, echues),
            places=0,
            montant_centimes=demande.montant_centimes,
            jour=jour,
        )
        lignes = [
            ligne
            for tenue in tenues
            for ligne in transfert(
                Livre.ENG, tenue.objet_id, tenue.quantite, Poste.DISPONIBLE, Poste.ENGAGE
            )
        ]
        if demande.ae_id is not None:
            affecte, statut = await queries.lock_autorisation(tx, demande.ae_id)
            exige_votee(statut)
            rules.exige_autorisation(demande.montant_centimes, affecte)
            lignes += transfert(
                Livre.AE, demande.ae_id, demande.montant_centimes, Poste.AFFECTEE, Poste.ENGAGEE
            )
        pieces = exige_connues(demande.pieces, await lock_pieces(tx, demande.pieces), "pieces")
        ids, cle = [piece.id for piece in pieces], rules.cle_doublon(demande)
        doublons = rules.doublons_engagement(
            cle,
            rules.exercices_de(demande, jour),
            frozenset(ids),
            await queries.read_voisins(tx, cle, ids),
        )
        ecritures = await expirer(tx, echues, fuseau)
        engagement_id = new_id()
        await _publier(tx, "cree", engagement_id, 1, Operation.CREATION)
        engagement = await queries.store_engagement(
            tx,
            engagement_id,
            {
                **demande.model_dump(),
                "date_engagement": jour,
                "pieces": ids,
                "cle_doublon": cle,
                "avertissements": [doublon.model_dump(mode="json") for doublon in doublons],
            },
            tenues,
            instant,
        )
        ecritures.append(
            Ecriture(
                evenement=EvenementJournal.ENGAGEMENT,
                date_effet=jour,
                lignes=lignes,
                action_id=demande.action_id,
                engagement_id=engagement_id,
                source=demande.objet,
            )
        )
        await inscrire(tx, ecritures, inscrite_le=instant)
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=1)

    return await once(tx, commande, engager)


@router.post(
    "/engagements/{engagement_id}/degagements",
    status_code=201,
    response_model=Engagement,
    summary="Dégager tout ou partie d'un engagement",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite, DisponibleInsuffisant, PeriodeClose),
)
async def creer_degagement(
    engagement_id: EngagementId,
    demande: DegagementCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rend aux enveloppes ce qui, de l'engagement, ne sera pas dépensé ; jamais ce qui est liquidé.

    Sans montant, tout ce qui reste : l'engagement est `degage`. Ce qui revient à une autorisation
    annulée y est annulé. Rend l'engagement. Portée `financement.engagement:ecrire`. Publie
    `financement.engagement.degage`.
    """

    async def degager() -> Effet:
        etat = await queries.lock_engagement(tx, engagement_id, version)
        jour, instant = await service.aujourdhui(tx), service.horloge()
        rendus = rules.montant_degage(etat, demande.montant_centimes)
        statut = StatutAutorisation.VOTEE
        if etat.ae_id is not None:
            _, statut = await queries.lock_autorisation(tx, etat.ae_id)
        tout = sum(rendus.values()) == etat.reste_centimes
        suivante = await queries.store_emploi(
            tx,
            etat,
            StatutEngagement.DEGAGE if tout else etat.statut,
            instant,
            liquides={},
            degages=rendus,
        )
        await _publier(tx, "degage", engagement_id, suivante, Operation.MODIFICATION)
        ecriture = Ecriture(
            evenement=EvenementJournal.DEGAGEMENT,
            date_effet=jour,
            lignes=rules.lignes_degagement(rendus, etat.ae_id, statut),
            action_id=etat.action_id,
            engagement_id=engagement_id,
            source=demande.motif,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        engagement = queries.render(await queries.read_engagement(tx, engagement_id))
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=suivante)

    return await once(tx, commande, degager)


@router.get(
    "/engagements",
    response_model=PageEngagements,
    summary="Lister les engagements",
    dependencies=[portee("financement:lire")],
)
async def lister_engagements(
    page: Annotated[PageDemandee, page_de(PageEngagements)],
    tx: TransactionDep,
    enveloppe_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Que paie l'une de ces enveloppes",
            examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
        ),
    ],
    date_engagement_min: Annotated[
        DateCivile | None, Query(description="Engagés ce jour ou après", examples=["2026-01-01"])
    ] = None,
    date_engagement_max: Annotated[
        DateCivile | None, Query(description="Engagés ce jour ou avant", examples=["2026-12-31"])
    ] = None,
) -> Response:
    """Rend les engagements, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_engagements(
        tx,
        page,
        enveloppe_id,
        date_engagement_min=date_engagement_min,
        date_engagement_max=date_engagement_max,
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/engagements/{engagement_id}",
    response_model=Engagement,
    summary="Lire un engagement",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_engagement(
    engagement_id: EngagementId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un engagement et ce que chaque enveloppe en paie. Portée `financement:lire`."""
    row = await queries.read_engagement(tx, engagement_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.get(
    "/engagements-non-mandates",
    response_model=PageEngagementsNonMandates,
    summary="Lister ce qui est engagé et n'est pas mandaté",
    dependencies=[portee("financement:lire")],
)
async def lister_engagements_non_mandates(
    page: Annotated[PageDemandee, page_de(PageEngagementsNonMandates)],
    tx: TransactionDep,
    service: ServiceDep,
    au: Annotated[
        DateCivile | None,
        Query(
            description="Le soir de ce jour ; absent : aujourd'hui. Ce qui a pris effet après n'y"
            " compte pas",
            examples=["2026-12-31"],
        ),
    ] = None,
) -> Response:
    """Rend l'état des dépenses engagées et non mandatées un jour donné, lu dans le journal.

    Au 31 décembre, c'est ce qui fixe les reports. Portée `financement:lire`.
    """
    rows = await queries.list_non_mandates(tx, page, au or await service.aujourdhui(tx))
    return rendre_page(page, rows, _render_non_mandate)


def _render_non_mandate(row: Row[Any]) -> EngagementNonMandate:
    return EngagementNonMandate.model_validate(row, from_attributes=True)


async def _publier(
    tx: Transaction, fait: str, engagement_id: UUID, version: int, operation: Operation
) -> None:
    nom = f"financement.engagement.{fait}"
    await publier(tx, Fait(nom, "engagements", engagement_id, version, operation))
