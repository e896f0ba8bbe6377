"""Which lists of parcours are exported whole, at one instant."""

from services.parcours.accompagnements.routes import router as accompagnements
from services.parcours.activites.routes import router as activites
from services.parcours.aides_jeunes.routes import router as aides_jeunes
from services.parcours.contrats_engagement.routes import router as contrats_engagement
from services.parcours.dispositifs.routes import router as dispositifs
from services.parcours.emplois.routes import router as emplois
from services.parcours.employeurs.routes import router as employeurs
from services.parcours.freins.routes import router as freins
from services.parcours.marches.routes import router as marches
from services.parcours.offres.routes import router as offres
from services.parcours.offres_emploi.routes import router as offres_emploi
from services.parcours.prescriptions.routes import router as prescriptions
from services.parcours.rendez_vous.routes import router as rendez_vous
from services.parcours.suspensions.routes import router as suspensions
from shared.schemas.parcours.instantanes import ExportParcoursCreation, TypeExportParcours
from shared.socle.exports.extraits import extraits
from shared.socle.exports.routes import routes

EXTRAITS = extraits(
    TypeExportParcours,
    [
        accompagnements,
        activites,
        aides_jeunes,
        contrats_engagement,
        dispositifs,
        emplois,
        employeurs,
        freins,
        marches,
        offres,
        offres_emploi,
        prescriptions,
        rendez_vous,
        suspensions,
    ],
)
router = routes("parcours", ExportParcoursCreation, EXTRAITS)
