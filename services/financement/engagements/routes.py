"""Engagements: what is owed, numbered, and who pays which cent of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.autorisations.rules import exige_votee
from services.financement.engagements import actes, queries, rules
from services.financement.enveloppes.queries import lock_etat, read_convention_de
from services.financement.journal.queries import PasseNegatif, inscrire
from services.financement.journal.rules import Ecriture, PeriodeClose, transfert
from services.financement.justificatifs.queries import lock_pieces
from services.financement.justificatifs.rules import exige_connues
from services.financement.references import exige
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_action, lock_objets
from services.financement.reservations.rules import (
    DisponibleInsuffisant,
    HorsPeriode,
    apres_expirations,
    tenues_reservees,
)
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import DateCivile, Identifiant, Operation
from shared.schemas.financement.engagements import (
    CouvertureCreation,
    DegagementCreation,
    Engagement,
    EngagementCreation,
    EngagementNonMandate,
    PageEngagements,
    PageEngagementsNonMandates,
    ReportEngagementCreation,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
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

    Sur une autorisation, les exercices à venir de l'échéancier ne sont engagés que sur elle :
    `…/couvertures` les engage sur leurs enveloppes, une fois notifiées.
    Ne prend pas d'If-Match : le disponible décide. Ce qui semble financé deux fois est dit par
    `avertissements` ; ce qui l'est à coup sûr est refusé. Portée
    `financement.engagement:ecrire`. Publie `financement.engagement.cree`.
    """

    return await once(tx, commande, lambda: engager_montant(service, tx, demande))


async def engager_montant(service: Service, tx: Transaction, demande: EngagementCreation) -> Effet:
    """Commit an amount to a third party."""
    aujourdhui = await service.aujourdhui(tx)
    jour = rules.verifier_engagement(demande, aujourdhui)
    fuseau, instant = await service.fuseau(tx), service.horloge()
    etat, echues = await lock_action(tx, demande.action_id, instant, paie=True, autre=demande.ae_id)
    tenues = tenues_reservees(
        apres_expirations(etat, echues),
        places=0,
        montant_centimes=(couvert := rules.montant_couvert(demande, jour)),
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
        affecte, statut = await queries.read_affectee(tx, demande.ae_id)
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
    await actes.publier_engagement(tx, "cree", engagement_id, 1, Operation.CREATION)
    engagement = await queries.store_engagement(
        tx,
        engagement_id,
        {
            **demande.model_dump(exclude={"montant_centimes"}),
            "non_couvert": demande.montant_centimes - couvert,
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
        degage = rules.montant_degage(etat, demande.montant_centimes)
        suivante, ecriture = await actes.degager(tx, etat, degage, jour, instant, demande.motif)
        await inscrire(tx, [ecriture], inscrite_le=instant)
        engagement = queries.render(await queries.read_engagement(tx, engagement_id))
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=suivante)

    return await once(tx, commande, degager)


@router.post(
    "/engagements/{engagement_id}/couvertures",
    status_code=201,
    response_model=Engagement,
    summary="Engager une échéance sur les enveloppes de son exercice",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        DisponibleInsuffisant,
        HorsPeriode,
        PeriodeClose,
    ),
)
async def creer_couverture(
    engagement_id: EngagementId,
    demande: CouvertureCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Fait porter par des enveloppes notifiées ce que l'autorisation portait seule.

    Ce qui reste à couvrir est `non_couvert_centimes`. Rend l'engagement. Portée
    `financement.engagement:ecrire`. Publie `financement.engagement.couvert`.
    """

    async def couvrir() -> Effet:
        jour, instant = await service.aujourdhui(tx), service.horloge()
        nommees = {ligne.enveloppe_id for ligne in demande.enveloppes}
        objets = nommees | await queries.read_objets(tx, engagement_id)
        echues = await lock_objets(tx, objets, instant)
        etat = await queries.lock_engagement(tx, engagement_id, version, autres=nommees)
        etats = {}
        for enveloppe_id in sorted(nommees):
            lecture = lock_etat(tx, enveloppe_id, echues, instant)
            etats[enveloppe_id], _ = await exige(lecture, "enveloppes", "Enveloppe inconnue")
        convention_id = await read_convention_de(tx, etat.action_id)
        montants = rules.verifier_couverture(etat, demande, etats, convention_id, jour)
        ecritures = await expirer(tx, echues, await service.fuseau(tx))
        suivante = await queries.store_couverture(tx, etat, instant, montants)
        await actes.publier_engagement(tx, "couvert", engagement_id, suivante)
        ecritures.append(
            Ecriture(
                evenement=EvenementJournal.ENGAGEMENT,
                date_effet=jour,
                lignes=rules.lignes_transfert(montants, Poste.DISPONIBLE, Poste.ENGAGE),
                action_id=etat.action_id,
                engagement_id=engagement_id,
                source=demande.source,
            )
        )
        await inscrire(tx, ecritures, inscrite_le=instant)
        engagement = queries.render(await queries.read_engagement(tx, engagement_id))
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=suivante)

    return await once(tx, commande, couvrir)


@router.post(
    "/engagements/{engagement_id}/reports",
    status_code=201,
    response_model=Engagement,
    summary="Reporter le reste d'un engagement sur l'exercice suivant",
    dependencies=[portee("financement:administrer")],
    responses=refusals(
        Introuvable, VersionDepassee, TransitionInterdite, PasseNegatif, PeriodeClose
    ),
)
async def creer_report(
    engagement_id: EngagementId,
    demande: ReportEngagementCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Fait porter par l'enveloppe d'un exercice suivant ce qu'une enveloppe n'a pas liquidé.

    La fenêtre de la première est finie ; l'autre s'ouvre d'autant, déjà engagé, et paie les
    liquidations qui suivent. Rend l'engagement. Portée `financement:administrer`. Publie
    `financement.engagement.reporte`, et `financement.enveloppe.viree` pour les deux.
    """

    async def reporter() -> Effet:
        autres = (demande.enveloppe_id, demande.vers_enveloppe_id)
        etat = await queries.lock_engagement(tx, engagement_id, version, autres=autres)
        jour, instant = await service.aujourdhui(tx), service.horloge()
        suivante, ecriture = await actes.reporter(tx, etat, demande, jour, instant)
        await inscrire(tx, [ecriture], inscrite_le=instant)
        engagement = queries.render(await queries.read_engagement(tx, engagement_id))
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=suivante)

    return await once(tx, commande, reporter)


@router.get(
    "/engagements",
    response_model=PageEngagements,
    summary="Lister les engagements",
    dependencies=[portee("financement:lire")],
)
async def lister_engagements(
    page: Annotated[
        PageDemandee,
        page_de(PageEngagements, "-cree_le", "date_engagement", intervalle="date_engagement"),
    ],
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
    enveloppe_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Que porte l'une de ces enveloppes ; rend ce qu'elles en portent",
            examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
        ),
    ],
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
    jour = au or await service.aujourdhui(tx)
    rows = await queries.list_non_mandates(tx, page, jour, enveloppe_id)
    return rendre_page(page, rows, _render_non_mandate)


def _render_non_mandate(row: Row[Any]) -> EngagementNonMandate:
    return EngagementNonMandate.model_validate(row, from_attributes=True)
