"""Service done, certified by another than who pays it; and above what, than who engaged it."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.engagements.queries import (
    lock_engagement,
    read_affectee,
    store_emploi,
)
from services.financement.engagements.routes import EngagementId
from services.financement.engagements.rules import (
    DoubleFinancement,
    EtatEngagement,
    lignes_degagement,
)
from services.financement.journal.queries import PasseNegatif, inscrire
from services.financement.journal.rules import Ecriture, Ligne, PeriodeClose
from services.financement.justificatifs.queries import lock_pieces, store_parts
from services.financement.justificatifs.rules import (
    EtatPiece,
    PartPiece,
    exige_connues,
    parts_liquidation,
)
from services.financement.liquidations import queries, rules
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.journal import EvenementJournal
from shared.schemas.financement.justificatifs import UsageJustificatif
from shared.schemas.financement.liquidations import (
    JustificationCreation,
    Liquidation,
    LiquidationCreation,
    PageLiquidations,
    PageSeuilsCertification,
    SeuilCertification,
    SeuilCertificationCreation,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("liquidations")

LiquidationId = Annotated[
    UUID,
    Path(description="Une liquidation", examples=["019cb40d-5aa0-7d15-a2c9-4b83e7f06d51"]),
]
_SeuilId = Annotated[
    UUID,
    Path(description="Un seuil", examples=["019b789f-d7a0-7f64-9c1d-2e80b5a7d943"]),
]


@router.post(
    "/engagements/{engagement_id}/liquidations",
    status_code=201,
    response_model=Liquidation,
    summary="Certifier un service fait",
    dependencies=[portee("financement.service_fait:decider")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        DisponibleInsuffisant,
        PasseNegatif,
        PeriodeClose,
        DoubleFinancement,
        rules.RolesCumules,
    ),
)
async def creer_liquidation(
    engagement_id: EngagementId,
    demande: LiquidationCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Certifie un service fait : ce qui en est retenu est dû, réparti dans l'engagement au centime.

    `If-Match` est la version de l'engagement. `pour_solde` rend aux enveloppes ce qui n'est pas
    retenu. Qui certifie n'enregistre jamais le paiement et, au-dessus du seuil de la collectivité,
    n'est pas qui a engagé. Portée `financement.service_fait:decider`. Publie
    `financement.liquidation.certifiee` et `financement.engagement.liquide`.
    """

    async def certifier() -> Effet:
        etat = await lock_engagement(tx, engagement_id, version)
        statut_ae = StatutAutorisation.VOTEE
        if etat.ae_id is not None:
            _, statut_ae = await read_affectee(tx, etat.ae_id)
        aujourdhui, instant = await service.aujourdhui(tx), service.horloge()
        jour = rules.verifier_liquidation(demande, etat, aujourdhui)
        # Of today: who could choose the day would choose the threshold.
        seuil = await queries.read_seuil(tx, aujourdhui)
        rules.exige_certificateur(etat, tx.acces.auteur, seuil)
        retenu = demande.montant_retenu_centimes
        ventilation = rules.ventilation_liquidee(etat, retenu)
        degage = rules.rendu_pour_solde(etat, demande, ventilation)
        pieces = exige_connues(
            demande.justificatifs, await lock_pieces(tx, demande.justificatifs), "justificatifs"
        )
        parts = await _parts(tx, retenu, pieces, ventilation)
        voisines = await queries.read_voisines(
            tx,
            engagement_id,
            etat.cle_doublon,
            demande.date_service_fait,
            [piece.id for piece in pieces],
        )
        imputables = {piece.id for piece in pieces if piece.montant_total_centimes is not None}
        doublons = rules.doublons_liquidation(voisines, imputables)
        liquidation_id = new_id()
        values = {
            **demande.model_dump(exclude={"justificatifs"}),
            "id": liquidation_id,
            "engagement_id": engagement_id,
            "date_certification": jour,
            "ventilation": [
                {"enveloppe_id": str(enveloppe_id), "montant_centimes": centimes}
                for enveloppe_id, centimes in ventilation.items()
            ],
            "justifie_centimes": sum(part.montant_centimes for part in parts),
            "statut": rules.statut_certifie(demande.montant_presente_centimes, retenu),
            "client_id": tx.acces.auteur,
            "avertissements": [doublon.model_dump(mode="json") for doublon in doublons],
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_liquidation(tx, values, [piece.id for piece in pieces])
        usage = UsageJustificatif.DEPENSE_REELLE
        await store_parts(tx, parts, usage, instant, liquidation_id=liquidation_id)
        statut = rules.statut_apres(etat, demande)
        suivante = await store_emploi(
            tx, etat, statut, instant, liquides=ventilation, degage=degage
        )
        await publier(
            tx,
            _fait("certifiee", liquidation_id, 1, Operation.CREATION),
            Fait(
                "financement.engagement.liquide",
                "engagements",
                engagement_id,
                suivante,
                Operation.MODIFICATION,
            ),
        )
        degages = lignes_degagement(degage, etat.ae_id, statut_ae) if degage.total_centimes else []
        ecritures = _ecritures(etat, jour, liquidation_id, ventilation, degages)
        if ecritures:
            await inscrire(tx, ecritures, inscrite_le=instant)
        liquidation = queries.render(await queries.read_liquidation(tx, liquidation_id))
        return Effet(liquidation, location=f"/v1/liquidations/{liquidation_id}", version=1)

    return await once(tx, commande, certifier)


async def _parts(
    tx: Transaction, montant: int, pieces: list[EtatPiece], ventilation: dict[UUID, int]
) -> list[PartPiece]:
    financeurs = await queries.read_financeurs(tx, list(ventilation))
    return parts_liquidation(montant, pieces, ventilation, financeurs)


def _ecritures(
    etat: EtatEngagement,
    jour: date,
    liquidation_id: UUID,
    ventilation: dict[UUID, int],
    degages: list[Ligne],
) -> list[Ecriture]:
    """What is owed, and what the last liquidation gives back: of one act, both or neither."""
    found = []
    lignes = rules.lignes_liquidation(ventilation)
    for evenement, mouvements in (
        (EvenementJournal.LIQUIDATION, lignes),
        (EvenementJournal.DEGAGEMENT, degages),
    ):
        if mouvements:
            found.append(
                Ecriture(
                    evenement=evenement,
                    date_effet=jour,
                    lignes=mouvements,
                    action_id=etat.action_id,
                    engagement_id=etat.id,
                    origine="liquidations",
                    origine_id=liquidation_id,
                )
            )
    return found


@router.get(
    "/liquidations",
    response_model=PageLiquidations,
    summary="Lister les liquidations",
    dependencies=[portee("financement:lire")],
)
async def lister_liquidations(
    page: Annotated[PageDemandee, page_de(PageLiquidations)],
    tx: TransactionDep,
    engagement_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces engagements",
            examples=[["019cb40d-5aa0-7b91-8e27-5f3a9c0d6e12"]],
        ),
    ],
    a_justifier: Annotated[
        str | None,
        Query(
            pattern="^(true|false)$",
            max_length=5,
            description="`true` : celles dont des pièces ne couvrent pas tout ce qui est retenu",
            examples=["true"],
        ),
    ] = None,
) -> Response:
    """Rend les liquidations, les plus récentes d'abord ; ou celles à qui des pièces manquent.

    Portée `financement:lire`.
    """
    rows = await queries.list_liquidations(
        tx, page, engagement_id, a_justifier=a_justifier == "true"
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/liquidations/{liquidation_id}",
    response_model=Liquidation,
    summary="Lire une liquidation",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_liquidation(
    liquidation_id: LiquidationId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une liquidation, et ce que chaque enveloppe en paie. Portée `financement:lire`."""
    row = await queries.read_liquidation(tx, liquidation_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/liquidations/{liquidation_id}/justifications",
    status_code=201,
    response_model=Liquidation,
    summary="Apporter les pièces qui manquent à une liquidation",
    dependencies=[portee("financement.service_fait:decider")],
    responses=refusals(Introuvable, VersionDepassee, DisponibleInsuffisant, DoubleFinancement),
)
async def creer_justification(
    liquidation_id: LiquidationId,
    demande: JustificationCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Impute à une liquidation des pièces qui manquaient ; ce qu'elles couvrent s'ajoute au reste.

    Rend la liquidation. Portée `financement.service_fait:decider`. Publie
    `financement.liquidation.justifiee`.
    """

    async def justifier() -> Effet:
        row = await queries.lock_liquidation(tx, liquidation_id)
        exige_version(row.version, version)
        instant = service.horloge()
        pieces = exige_connues(
            [one for one in demande.justificatifs if one not in row.justificatifs],
            await lock_pieces(tx, demande.justificatifs),
            "justificatifs",
        )
        rules.exige_place(len(row.justificatifs), len(pieces))
        ventilation = {
            UUID(part["enveloppe_id"]): part["montant_centimes"] for part in row.ventilation
        }
        manque = row.montant_retenu_centimes - row.justifie_centimes
        parts = await _parts(tx, manque, pieces, ventilation)
        await queries.store_pieces(tx, liquidation_id, [piece.id for piece in pieces])
        usage = UsageJustificatif.DEPENSE_REELLE
        await store_parts(tx, parts, usage, instant, liquidation_id=liquidation_id)
        suivante = await queries.update_liquidation(
            tx,
            liquidation_id,
            instant,
            justifie_centimes=row.justifie_centimes + sum(part.montant_centimes for part in parts),
        )
        await publier(tx, _fait("justifiee", liquidation_id, suivante))
        liquidation = queries.render(await queries.read_liquidation(tx, liquidation_id))
        chemin = f"/v1/liquidations/{liquidation_id}"
        return Effet(liquidation, location=chemin, version=suivante)

    return await once(tx, commande, justifier)


@router.post(
    "/seuils-certification",
    status_code=201,
    response_model=SeuilCertification,
    summary="Fixer le seuil de certification d'un engagement par son auteur",
    dependencies=[portee("financement:administrer")],
    responses=refusals(rules.SeuilExistant),
)
async def creer_seuil_certification(
    demande: SeuilCertificationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Fixe au-dessus de quel montant qui engage ne certifie pas, depuis un jour ; immuable.

    Sans aucun, rien n'est refusé de ce chef : le seuil est propre à la collectivité. Portée
    `financement:administrer`. Publie `financement.seuil_certification.fixe`.
    """

    async def fixer() -> Effet:
        seuil_id = new_id()
        values = {
            **demande.model_dump(exclude={"source"}),
            "id": seuil_id,
            "texte_source": demande.source,
            "cree_le": service.horloge(),
        }
        row = await queries.store_seuil(tx, values)
        fait = "financement.seuil_certification.fixe"
        await publier(tx, Fait(fait, "seuils-certification", seuil_id, 1, Operation.CREATION))
        return Effet(_render_seuil(row), location=f"/v1/seuils-certification/{seuil_id}", version=1)

    return await once(tx, commande, fixer)


@router.get(
    "/seuils-certification",
    response_model=PageSeuilsCertification,
    summary="Lister les seuils de certification",
    dependencies=[portee("financement:lire")],
)
async def lister_seuils_certification(
    page: Annotated[PageDemandee, page_de(PageSeuilsCertification)], tx: TransactionDep
) -> Response:
    """Rend les seuils, les derniers enregistrés d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_seuils(tx, page), _render_seuil)


@router.get(
    "/seuils-certification/{seuil_certification_id}",
    response_model=SeuilCertification,
    summary="Lire un seuil de certification",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_seuil_certification(
    seuil_certification_id: _SeuilId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un seuil, du jour où il vaut, et sa source. Portée `financement:lire`."""
    row = await queries.read_seuil_certification(tx, seuil_certification_id)
    return rendre_lecture(request, _render_seuil(row), 1)


def _render_seuil(row: Row[Any]) -> SeuilCertification:
    return SeuilCertification.model_validate(row, from_attributes=True)


def _fait(
    fait: str, liquidation_id: UUID, version: int, operation: Operation = Operation.MODIFICATION
) -> Fait:
    nom = f"financement.liquidation.{fait}"
    return Fait(nom, "liquidations", liquidation_id, version, operation)
