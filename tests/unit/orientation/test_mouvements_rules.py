"""What changed from one flux to the next: each type, and what is no change."""

from dataclasses import replace
from datetime import date

import pytest

from services.orientation.flux.canonique import (
    EtatDossier,
    Foyer,
    ObjetSuspension,
    PersonneFlux,
    SuspensionFlux,
    a_orienter,
    decedee,
)
from services.orientation.mouvements.rules import (
    FoyerApres,
    FoyerAvant,
    PersonneApres,
    PersonneAvant,
    mouvements_foyer,
    mouvements_personne,
)

ATTENTE, REFUSE, OUVERT, SUSPENDU, VERSEMENT, CLOS, ANTERIEUR = EtatDossier
RENNES, REDON = "35238", "35236"


def foyer(etat: EtatDossier, commune: str | None = RENNES, **dit: bool) -> FoyerApres:
    return FoyerApres(etat, commune, **dit)


def connu(
    etat: EtatDossier, commune: str | None = RENNES, *, annonce: bool | None = None
) -> FoyerAvant:
    ouvert = etat in (OUVERT, SUSPENDU, VERSEMENT)
    return FoyerAvant(etat, commune, ouvert if annonce is None else annonce)


@pytest.mark.parametrize(
    ("avant", "apres", "dits"),
    [
        pytest.param(None, foyer(OUVERT, soumis=True), ["droit_ouvert"], id="premier, ouvert"),
        pytest.param(None, foyer(SUSPENDU, soumis=True), ["droit_ouvert"], id="premier, suspendu"),
        pytest.param(
            None, foyer(VERSEMENT, soumis=True), ["droit_ouvert"], id="premier, non versé"
        ),
        pytest.param(None, foyer(OUVERT, demande=True), ["droit_ouvert"], id="premier, demande"),
        pytest.param(
            None, foyer(OUVERT, soumis=True, transfert=True), ["droit_transfere"], id="transféré"
        ),
        pytest.param(None, foyer(OUVERT, transfert=True), ["droit_transfere"], id="hors devoirs"),
        pytest.param(None, foyer(OUVERT), [], id="premier, personne soumis"),
        *(
            pytest.param(None, foyer(etat, demande=True, transfert=True), [], id=f"premier, {etat}")
            for etat in (ATTENTE, REFUSE, CLOS, ANTERIEUR)
        ),
        pytest.param(
            connu(OUVERT, annonce=False),
            foyer(OUVERT, soumis=True),
            ["droit_ouvert"],
            id="le premier soumis",
        ),
        pytest.param(connu(OUVERT), foyer(OUVERT, soumis=True), [], id="rien ne change"),
        pytest.param(
            connu(OUVERT), foyer(OUVERT, soumis=True, transfert=True), [], id="transfert déjà dit"
        ),
        pytest.param(
            connu(ATTENTE), foyer(OUVERT, soumis=True), ["droit_ouvert"], id="demande acceptée"
        ),
        pytest.param(
            connu(ATTENTE),
            foyer(SUSPENDU, soumis=True),
            ["droit_ouvert", "droit_suspendu"],
            id="acceptée et suspendue",
        ),
        pytest.param(
            connu(OUVERT), foyer(SUSPENDU, soumis=True), ["droit_suspendu"], id="droit suspendu"
        ),
        pytest.param(connu(OUVERT), foyer(VERSEMENT), ["droit_suspendu"], id="versement suspendu"),
        pytest.param(connu(SUSPENDU), foyer(VERSEMENT), [], id="d'une suspension à l'autre"),
        pytest.param(connu(SUSPENDU), foyer(OUVERT, soumis=True), ["droit_retabli"], id="rétabli"),
        pytest.param(connu(OUVERT), foyer(CLOS), ["droit_clos"], id="clos"),
        pytest.param(connu(SUSPENDU), foyer(ANTERIEUR), ["droit_clos"], id="suspendu puis clos"),
        pytest.param(connu(OUVERT), foyer(REFUSE), ["droit_clos"], id="refusé après coup"),
        pytest.param(connu(OUVERT, annonce=False), foyer(CLOS), ["droit_clos"], id="clos, non dit"),
        pytest.param(connu(CLOS), foyer(ANTERIEUR), [], id="déjà clos"),
        pytest.param(connu(ATTENTE), foyer(CLOS), [], id="jamais ouvert"),
        pytest.param(connu(CLOS), foyer(OUVERT, soumis=True), ["droit_ouvert"], id="rouvert"),
        pytest.param(connu(OUVERT), foyer(OUVERT, REDON), ["demenagement"], id="déménage"),
        pytest.param(connu(OUVERT), foyer(OUVERT, None), [], id="sans adresse"),
        pytest.param(connu(OUVERT, None), foyer(OUVERT, REDON), [], id="adresse trouvée"),
        pytest.param(
            connu(OUVERT), foyer(CLOS, REDON), ["droit_clos", "demenagement"], id="deux à la fois"
        ),
    ],
)
def test_what_changed_of_a_foyer(
    avant: FoyerAvant | None, apres: FoyerApres, dits: list[str]
) -> None:
    assert list(mouvements_foyer(avant, apres)) == dits


ICI = PersonneAvant(ici=True)
SOUMISE = PersonneApres(droits_devoirs=True)


@pytest.mark.parametrize(
    ("avant", "apres", "foyer_connu", "dits"),
    [
        pytest.param(None, SOUMISE, False, [], id="foyer nouveau"),
        pytest.param(None, PersonneApres(), True, ["personne_arrivee"], id="arrive"),
        pytest.param(
            None, SOUMISE, True, ["personne_arrivee", "entree_droits_devoirs"], id="arrive soumise"
        ),
        pytest.param(ICI, SOUMISE, True, ["entree_droits_devoirs"], id="entre"),
        pytest.param(
            replace(ICI, droits_devoirs=True),
            PersonneApres(),
            True,
            ["sortie_droits_devoirs"],
            id="sort",
        ),
        pytest.param(replace(ICI, droits_devoirs=True), SOUMISE, True, [], id="reste"),
        pytest.param(
            PersonneAvant(ici=False),
            SOUMISE,
            False,
            ["entree_droits_devoirs"],
            id="connue hors flux, entre",
        ),
        pytest.param(
            PersonneAvant(ici=False, droits_devoirs=True), SOUMISE, False, [], id="connue hors flux"
        ),
        pytest.param(
            PersonneAvant(ici=False, d_ailleurs=True, droits_devoirs=True),
            SOUMISE,
            False,
            ["personne_arrivee"],
            id="change de foyer, le sien est nouveau",
        ),
        pytest.param(
            PersonneAvant(ici=False, d_ailleurs=True, droits_devoirs=True),
            SOUMISE,
            True,
            ["personne_arrivee"],
            id="change de foyer",
        ),
        pytest.param(
            PersonneAvant(ici=False),
            SOUMISE,
            True,
            ["personne_arrivee", "entree_droits_devoirs"],
            id="revient",
        ),
        pytest.param(ICI, PersonneApres(decedee=True), True, ["deces"], id="décède"),
        pytest.param(
            replace(ICI, droits_devoirs=True),
            PersonneApres(decedee=True),
            True,
            ["sortie_droits_devoirs", "deces"],
            id="décède soumise",
        ),
        pytest.param(
            replace(ICI, decedee=True), PersonneApres(decedee=True), True, [], id="déjà dite"
        ),
        pytest.param(replace(ICI, decedee=True), PersonneApres(), True, [], id="démentie"),
        pytest.param(None, PersonneApres(decedee=True), False, [], id="inconnue et décédée"),
    ],
)
def test_what_changed_of_a_person(
    avant: PersonneAvant | None, apres: PersonneApres, foyer_connu: bool, dits: list[str]
) -> None:
    assert list(mouvements_personne(avant, apres, foyer_connu=foyer_connu)) == dits


def adulte(role: str, sexe: str, **dit: date) -> PersonneFlux:
    return PersonneFlux(
        role=role,
        a_charge=True,
        nom="Kerlémar",
        nom_naissance=None,
        prenoms=("Zoé",),
        date_naissance=date(1984, 7, 14),
        sexe=sexe,
        nir=None,
        droits_devoirs=True,
        entree_droits_devoirs=False,
        **dit,
    )


DEMANDEUSE, CONJOINT = adulte("DEM", "2"), adulte("CJT", "1")


def couple(*personnes: PersonneFlux, suspension: str | None = None) -> Foyer:
    droit = ObjetSuspension.DROIT
    suspensions = (
        (SuspensionFlux(objet=droit, motif=suspension, date_debut=date(2026, 10, 1)),)
        if suspension
        else ()
    )
    return Foyer(
        ligne=1,
        fonorg="CAF",
        numorg="351",
        matricule_brut="2089564",
        matricule="2089564",
        numero_demande="03512345678",
        date_demande=date(2026, 9, 1),
        ideparte="035",
        transfert=False,
        etat_dossier=SUSPENDU,
        prestations=(),
        suspensions=suspensions,
        motif_cloture=None,
        date_cloture=None,
        faits_generateurs=(),
        situation_famille="MAR",
        nombre_a_charge=0,
        sans_domicile=False,
        adresse=None,
        personnes=personnes,
        avertissements=(),
    )


@pytest.mark.parametrize(
    ("personnes", "suspension", "mortes"),
    [
        pytest.param((DEMANDEUSE, CONJOINT), None, [], id="personne"),
        pytest.param((DEMANDEUSE, CONJOINT), "DG", ["2"], id="Madame"),
        pytest.param((DEMANDEUSE, CONJOINT), "DH", ["1"], id="Monsieur"),
        pytest.param((DEMANDEUSE, CONJOINT), "GK", [], id="une autre suspension"),
        pytest.param((DEMANDEUSE, adulte("CJT", "2")), "DG", [], id="laquelle des deux"),
        pytest.param((DEMANDEUSE, adulte("ENF", "1")), "DH", [], id="un enfant n'est pas Monsieur"),
        pytest.param(
            (adulte("DEM", "2", date_deces=date(2026, 10, 3)), CONJOINT), None, ["2"], id="DTDC"
        ),
    ],
)
def test_who_is_dead_is_nobody_to_orient(
    personnes: tuple[PersonneFlux, ...], suspension: str | None, mortes: list[str]
) -> None:
    """Planted: the suspensions left unread, a dead person to orient, red."""
    dit = couple(*personnes, suspension=suspension)

    assert [un.sexe for un in personnes if decedee(un, dit)] == mortes
    orientables = [un.sexe for un in personnes if un.role != "ENF" and un.sexe not in mortes]
    assert [un.sexe for un in personnes if a_orienter(un, dit)] == orientables


def test_the_day_of_the_opening_says_where_it_comes_from() -> None:
    """VRSB0801 has none of its own."""
    dit = couple(DEMANDEUSE)

    assert dit.ouverture == (date(2026, 9, 1), "DTDEMRSA")
    ouvert = replace(dit, date_ouverture=date(2026, 8, 1))
    assert ouvert.ouverture == (date(2026, 8, 1), "DTODRSA")
