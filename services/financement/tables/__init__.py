"""Tables of financement: what was agreed, what it pays, and the journal that proves it."""

from services.financement.tables.base import Base
from services.financement.tables.bilans import Bilan, Taux
from services.financement.tables.clauses import Clause, DeclarationClause
from services.financement.tables.conventions import (
    ActeConvention,
    Action,
    Convention,
    DocumentConvention,
    PublicationSubvention,
    VersionConvention,
)
from services.financement.tables.credits import (
    AutorisationEngagement,
    Cloture,
    CreditPaiement,
    Exercice,
    Rattachement,
    Reliquat,
    RevisionAutorisation,
)
from services.financement.tables.engagements import (
    CompteurEngagement,
    Engagement,
    EngagementLigne,
    EngagementPiece,
)
from services.financement.tables.enveloppes import AvenantFenetre, Enveloppe, PartFinancement
from services.financement.tables.journal import (
    Chaine,
    Ecriture,
    LigneEcriture,
    MouvementJour,
    Solde,
)
from services.financement.tables.justificatifs import Imputation, Justificatif, LiquidationPiece
from services.financement.tables.liquidations import Liquidation, SeuilCertification
from services.financement.tables.mandats import (
    CompteurMandat,
    Mandat,
    MandatLigne,
    Paiement,
    Remboursement,
)
from services.financement.tables.points_etape import Indicateur, PointEtape, ValeurIndicateur
from services.financement.tables.recettes import ActeRecette, CompteurTitre, Titre
from services.financement.tables.reservations import Reservation, ReservationLigne
from services.financement.tables.valorisations import (
    PrevisionValorisation,
    RegleValorisation,
    TempsAgent,
    Valorisation,
)

__all__ = [
    "ActeConvention",
    "ActeRecette",
    "Action",
    "AutorisationEngagement",
    "AvenantFenetre",
    "Base",
    "Bilan",
    "Chaine",
    "Clause",
    "Cloture",
    "CompteurEngagement",
    "CompteurMandat",
    "CompteurTitre",
    "Convention",
    "CreditPaiement",
    "DeclarationClause",
    "DocumentConvention",
    "Ecriture",
    "Engagement",
    "EngagementLigne",
    "EngagementPiece",
    "Enveloppe",
    "Exercice",
    "Imputation",
    "Indicateur",
    "Justificatif",
    "LigneEcriture",
    "Liquidation",
    "LiquidationPiece",
    "Mandat",
    "MandatLigne",
    "MouvementJour",
    "Paiement",
    "PartFinancement",
    "PointEtape",
    "PrevisionValorisation",
    "PublicationSubvention",
    "Rattachement",
    "RegleValorisation",
    "Reliquat",
    "Remboursement",
    "Reservation",
    "ReservationLigne",
    "RevisionAutorisation",
    "SeuilCertification",
    "Solde",
    "Taux",
    "TempsAgent",
    "Titre",
    "ValeurIndicateur",
    "Valorisation",
    "VersionConvention",
]
