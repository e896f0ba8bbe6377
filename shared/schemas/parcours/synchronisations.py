"""How the catalogue of data·inclusion was read, and what came of it."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import Code, Entier, Instant, Modele, Page, Ressource


class StatutSynchronisation(StrEnum):
    """Où en est une lecture du catalogue. Liste fermée."""

    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    ECHOUEE = "echouee"


class ServiceRefuse(Modele):
    """Un service lu qui n'a pas pu devenir une offre, et le champ qui l'empêche."""

    reference: str = Field(max_length=200, description="Identifiant chez data·inclusion")
    champ: Code = Field(description="Premier champ refusé, ex. zone_eligibilite")


class SynchronisationDataInclusion(Ressource):
    """Une lecture du catalogue de data·inclusion, et ce qu'elle a changé du nôtre."""

    statut: StatutSynchronisation
    fin_le: Instant | None = Field(description="Vide : en cours")
    erreur: Code | None = Field(
        description="Pourquoi elle a échoué : statut HTTP, `sans-reponse`, `illisible`,"
        " `interrompue` ; vide : elle n'a pas échoué"
    )
    lues: Entier = Field(description="Services lus, chacun une fois")
    doublons: Entier = Field(description="Lignes reçues de nouveau d'une page à l'autre")
    manquantes: Entier = Field(
        description="Lignes que leur compte annonçait et que leurs pages n'ont pas données"
    )
    nouvelles: Entier = Field(description="Offres enregistrées")
    modifiees: Entier = Field(description="Offres mises à jour, dont celles qui reviennent")
    inchangees: Entier
    refusees: Entier = Field(description="Services qui ne sont pas devenus des offres")
    absentes: Entier = Field(description="Offres suivies que cette lecture n'a pas vues")
    retirees: Entier = Field(
        description="Offres retirées : trois lectures de suite sans elles, ou trente jours, et"
        " data·inclusion dit ne plus les connaître"
    )
    refus: list[ServiceRefuse] = Field(max_length=50, description="Les premiers services refusés")


class PageSynchronisationsDataInclusion(Page[SynchronisationDataInclusion]):
    """Une page de lectures du catalogue."""
