"""Tables of parcours: the pathway, its freins, who accompanies it, and the contrat d'engagement."""

from services.parcours.tables.accompagnement import (
    Intervenant,
    Parcours,
    Passation,
    Periode,
    Referent,
    ReponsePassation,
)
from services.parcours.tables.base import Base
from services.parcours.tables.contrats_engagement import (
    ActeContrat,
    ContratEngagement,
    Interruption,
    MotifHeuresSante,
    RevisionContrat,
)
from services.parcours.tables.diagnostics import Diagnostic, FreinDiagnostic, FreinDiagnosticSante
from services.parcours.tables.freins import (
    FREIN_OUVERT,
    ORDINAIRE,
    SANTE,
    VOLETS,
    Frein,
    FreinSante,
    Observation,
    ObservationSante,
    Prescription,
    PrescriptionSante,
    Volet,
)

__all__ = [
    "FREIN_OUVERT",
    "ORDINAIRE",
    "SANTE",
    "VOLETS",
    "ActeContrat",
    "Base",
    "ContratEngagement",
    "Diagnostic",
    "Frein",
    "FreinDiagnostic",
    "FreinDiagnosticSante",
    "FreinSante",
    "Interruption",
    "Intervenant",
    "MotifHeuresSante",
    "Observation",
    "ObservationSante",
    "Parcours",
    "Passation",
    "Periode",
    "Prescription",
    "PrescriptionSante",
    "Referent",
    "ReponsePassation",
    "RevisionContrat",
    "Volet",
]
