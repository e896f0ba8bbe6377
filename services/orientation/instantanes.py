"""Which lists of orientation are exported whole, at one instant."""

from services.orientation.accueils.routes import router as accueils
from services.orientation.jeux_de_regles.routes import router as jeux_de_regles
from services.orientation.mouvements.routes import router as mouvements
from services.orientation.organismes.routes import router as organismes
from services.orientation.orientations.routes import router as orientations
from services.orientation.portefeuilles.routes import router as portefeuilles
from services.orientation.rapprochements.routes import router as rapprochements
from services.orientation.reorientations.routes import router as reorientations
from shared.schemas.orientation.instantanes import ExportOrientationCreation, TypeExportOrientation
from shared.socle.exports.extraits import extraits
from shared.socle.exports.routes import routes

EXTRAITS = extraits(
    TypeExportOrientation,
    [
        accueils,
        jeux_de_regles,
        mouvements,
        organismes,
        orientations,
        portefeuilles,
        rapprochements,
        reorientations,
    ],
)
router = routes("orientation", ExportOrientationCreation, EXTRAITS)
