"""Which lists of financement are exported whole, at one instant."""

from services.financement.actions.routes import router as actions
from services.financement.autorisations.routes import router as autorisations
from services.financement.bilans.routes import router as bilans
from services.financement.clauses.routes import router as clauses
from services.financement.conventions.routes import router as conventions
from services.financement.credits_paiement.routes import router as credits_paiement
from services.financement.engagements.routes import router as engagements
from services.financement.enveloppes.routes import router as enveloppes
from services.financement.exercices.routes import router as exercices
from services.financement.indicateurs.routes import router as indicateurs
from services.financement.journal.routes import router as journal
from services.financement.justificatifs.routes import router as justificatifs
from services.financement.liquidations.routes import router as liquidations
from services.financement.mandats.routes import router as mandats
from services.financement.points_etape.routes import router as points_etape
from services.financement.recettes.routes import router as recettes
from services.financement.reservations.routes import router as reservations
from services.financement.valorisations.routes import router as valorisations
from shared.schemas.financement.instantanes import ExportFinancementCreation, TypeExportFinancement
from shared.socle.exports.extraits import extraits
from shared.socle.exports.routes import routes

EXTRAITS = extraits(
    TypeExportFinancement,
    [
        actions,
        autorisations,
        bilans,
        clauses,
        conventions,
        credits_paiement,
        engagements,
        enveloppes,
        exercices,
        indicateurs,
        journal,
        justificatifs,
        liquidations,
        mandats,
        points_etape,
        recettes,
        reservations,
        valorisations,
    ],
)
router = routes("financement", ExportFinancementCreation, EXTRAITS)
