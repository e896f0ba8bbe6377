"""What a demonstration came to, as a table that people want to read."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

Json = dict[str, Any]


def euros(centimes: int) -> str:
    """Write cents as French euros, 2 597 040,00, from the integer and nothing else."""
    unites, reste = divmod(centimes, 100)
    return f"{unites:,}".replace(",", " ") + f",{reste:02d}"


def afficher(console: Console, bilan: Json) -> None:
    """Print people, deadlines, freins and envelopes, then where to look further."""
    personnes, orientations = bilan["personnes"], bilan["orientations"]
    console.print()
    console.print("[bold]Jalons – ce que le flux est devenu[/bold] (personnes inventées)")
    console.print(
        f"{personnes['importees']} personnes importées : {personnes['a_orienter']} à orienter,"
        f" {personnes['hors_orientation']} hors orientation, {personnes['refusees']} refusées"
        " avec leur foyer."
    )
    echeances = orientations["echeances"]
    console.print(
        f"{orientations['proposees']} propositions expliquées, {orientations['decidees']}"
        f" décisions, {bilan['parcours']['ouverts']} parcours ouverts. Délai de six semaines :"
        f" {echeances.get('respectee', 0)} tenus, {echeances.get('a_temps', 0)} à temps,"
        f" {echeances.get('a_risque', 0)} à risque, {orientations['en_retard']} en retard."
    )

    table = _table("Personnes décidées, par organisme et parcours", "Organisme référent")
    parcours = ("professionnel", "socio_professionnel", "social")
    for name in ("Professionnel", "Socio-professionnel", "Social"):
        table.add_column(name, justify="right")
    for organisme, comptes in orientations["decisions_par_parcours_et_organisme"].items():
        table.add_row(organisme, *(str(comptes.get(one, 0)) for one in parcours))
    console.print(table)

    table = _table("Freins, par niveau", "Frein")
    for name in ("Moyen", "Fort"):
        table.add_column(name, justify="right")
    for code, niveaux in sorted(bilan["freins"].items()):
        libelle = code.replace("_", " ")
        table.add_row(libelle, str(niveaux.get("moyen", 0)), str(niveaux.get("fort", 0)))
    console.print(table)

    table = _table("Enveloppes, en euros", "Convention, financeur")
    for name in ("Ouvert", "Réservé", "Engagé", "Disponible"):
        table.add_column(name, justify="right", no_wrap=True)
    total = dict.fromkeys(("ouvert", "reserve", "engage", "disponible"), 0)
    convention = None
    for enveloppe in bilan["enveloppes"]:
        if not enveloppe["ouvert_centimes"]:
            continue
        if enveloppe["convention"] != convention:
            convention = enveloppe["convention"]
            table.add_row(f"{convention}, exercice {enveloppe['exercice']}")
        for nom in total:
            total[nom] += enveloppe[f"{nom}_centimes"]
        table.add_row(
            f"  {enveloppe['financeur']}",
            *(euros(enveloppe[f"{nom}_centimes"]) for nom in total),
        )
    table.add_section()
    table.add_row("Total", *(euros(montant) for montant in total.values()))
    console.print(table)

    announced = [one for one in bilan["enveloppes"] if one["annonce"]]
    console.print(f"{len(announced)} montants seulement annoncés par leurs pages, jamais ouverts :")
    for enveloppe in announced:
        annonce = enveloppe["annonce"]
        console.print(f"  • {enveloppe['collectivite']} – {annonce['source']}")
    for refus in bilan["refus_montres"]:
        console.print(f"[yellow]Refus montré[/yellow] – {refus}")


def adresses(console: Console, bilan: Json) -> None:
    """Say where the documentation is."""
    console.print("\nDocumentation, sans Internet :")
    for nom, url in bilan["adresses"].items():
        console.print(f"  {nom:<12} {url}")


def _table(titre: str, premiere: str) -> Table:
    table = Table(title=titre, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column(premiere)
    return table
