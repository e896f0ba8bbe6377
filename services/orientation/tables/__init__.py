"""Tables of orientation: who is to be oriented, by whom, on what grounds, and what was decided."""

from services.orientation.tables.accueils import Accueil, Contact, Convocation, Dispense, Presence
from services.orientation.tables.base import Base
from services.orientation.tables.france_travail import (
    ActiviteFranceTravail,
    EcartFranceTravail,
    EnvoiFranceTravail,
    JetonFranceTravail,
    LectureFranceTravail,
    ReglageFranceTravail,
)
from services.orientation.tables.imports import Import, ImportMorceau, ImportResultat, Mouvement
from services.orientation.tables.indicateurs import Indicateur
from services.orientation.tables.jeux_de_regles import (
    Deplacement,
    JeuDeRegles,
    MiseEnVigueur,
    Simulation,
)
from services.orientation.tables.organismes import (
    Affectation,
    ComptePlace,
    OrganismeReferent,
    Place,
    Portefeuille,
    Unite,
)
from services.orientation.tables.orientations import (
    Alerte,
    Annulation,
    Decision,
    Notification,
    Orientation,
    Proposition,
    RecueilCriteres,
)
from services.orientation.tables.personnes import (
    ActeRapprochement,
    DeclarationDsp,
    Dossier,
    FusionChangement,
    Personne,
    Rapprochement,
)
from services.orientation.tables.rdv_insertion import (
    InvitationRdvInsertion,
    ReceptionRdvInsertion,
    ReglageInvitations,
    RendezVousRdvInsertion,
    UsagerRdvInsertion,
)
from services.orientation.tables.reorientations import ActeReorientation, Reexamen, Reorientation

__all__ = [
    "Accueil",
    "ActeRapprochement",
    "ActeReorientation",
    "ActiviteFranceTravail",
    "Affectation",
    "Alerte",
    "Annulation",
    "Base",
    "ComptePlace",
    "Contact",
    "Convocation",
    "Decision",
    "DeclarationDsp",
    "Deplacement",
    "Dispense",
    "Dossier",
    "EcartFranceTravail",
    "EnvoiFranceTravail",
    "FusionChangement",
    "Import",
    "ImportMorceau",
    "ImportResultat",
    "Indicateur",
    "InvitationRdvInsertion",
    "JetonFranceTravail",
    "JeuDeRegles",
    "LectureFranceTravail",
    "MiseEnVigueur",
    "Mouvement",
    "Notification",
    "OrganismeReferent",
    "Orientation",
    "Personne",
    "Place",
    "Portefeuille",
    "Presence",
    "Proposition",
    "Rapprochement",
    "ReceptionRdvInsertion",
    "RecueilCriteres",
    "Reexamen",
    "ReglageFranceTravail",
    "ReglageInvitations",
    "RendezVousRdvInsertion",
    "Reorientation",
    "Simulation",
    "Unite",
    "UsagerRdvInsertion",
]
