"""The lines that financement takes: each is made by the act of its own route."""

from services.financement.actions.routes import enregistrer_action
from services.financement.conventions.routes import enregistrer_convention
from services.financement.engagements.routes import engager_montant
from services.financement.enveloppes.routes import enregistrer_enveloppe
from services.financement.justificatifs.routes import enregistrer_justificatif
from shared.schemas.financement.actions import ActionCreation
from shared.schemas.financement.conventions import ConventionCreation
from shared.schemas.financement.engagements import EngagementCreation
from shared.schemas.financement.enveloppes import EnveloppeCreation
from shared.schemas.financement.imports import TypeImportFinancement
from shared.schemas.financement.justificatifs import JustificatifCreation
from shared.socle.imports.lignes import TypeLigne

_TENIR, _ENGAGER = ["financement:administrer"], ["financement.engagement:ecrire"]

# No line changes what is kept here: an avenant, a version or another act does, dated and signed.
TYPES = {
    TypeImportFinancement.CONVENTIONS.value: TypeLigne(
        ConventionCreation, enregistrer_convention, _TENIR
    ),
    TypeImportFinancement.ENVELOPPES.value: TypeLigne(
        EnveloppeCreation, enregistrer_enveloppe, _TENIR
    ),
    TypeImportFinancement.ACTIONS.value: TypeLigne(
        ActionCreation, enregistrer_action, _TENIR, parents=["convention_id"]
    ),
    TypeImportFinancement.JUSTIFICATIFS.value: TypeLigne(
        JustificatifCreation, enregistrer_justificatif, _ENGAGER
    ),
    TypeImportFinancement.ENGAGEMENTS.value: TypeLigne(
        EngagementCreation, engager_montant, _ENGAGER
    ),
}
