"""What the bench found, as a table."""

from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.partenaire import Json


def afficher(console: Console, bilan: Json) -> None:
    """Print each budget, what was measured and whether it is held."""
    machine, taille = bilan["machine"], bilan["taille"]
    table = Table(
        title="Jalons – budgets de architecture.md",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        caption=f"{machine['coeurs']} cœurs, Python {machine['python']}, PostgreSQL"
        f" {machine['postgresql']}, charge au départ {machine['charge_au_depart']}.\n"
        f"{taille['tours']} tours de {taille['duree_s']:g} s, {taille['connexions']} connexions ;"
        f" générateur : {bilan['mesures']['nue']['part_generateur']:.0%} d'un cœur au plus.",
        caption_justify="left",
    )
    for nom in ("Budget", "Mesuré", "Rapport", "Exigé", "Visé", ""):
        table.add_column(nom, justify="left" if nom in ("Budget", "") else "right", no_wrap=True)
    for one in bilan["budgets"]:
        table.add_row(
            one["nom"],
            one["mesure"],
            f"[bold]{one['rapport']:.3f}[/bold]",
            f"{'≤' if one['sens'] == 'au plus' else '≥'} {one['budget']:.2f}",
            "" if one["visee"] is None else f"{one['visee']:.2f}",
            _verdict(one),
        )
    console.print(table)


def _verdict(budget: Json) -> str:
    if not budget["tenu"]:
        return "[red]manqué[/red]"
    return "[green]visé[/green]" if budget["visee_atteinte"] else "[green]tenu[/green]"


def afficher_croissance(console: Console, bilan: Json) -> None:
    """Print what each kind of request took on either side."""
    machine, ampleur = bilan["machine"], bilan["ampleur"]
    petit, grand = (f"{ampleur[nom]:_}".replace("_", " ") for nom in ("petit", "grand"))
    table = Table(
        title=f"Jalons – p95 de {petit} à {grand} {bilan['unite']}, au plus 1,5 fois",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        caption=f"{machine['coeurs']} cœurs, PostgreSQL {machine['postgresql']}, charge de"
        f" {machine['charge_au_depart']} à {machine['charge_a_la_fin']}.\n"
        f"{ampleur['tours']} tours alternés de {ampleur['requetes']} requêtes.",
        caption_justify="left",
    )
    table.add_column("Requête", overflow="fold")
    for nom in ("", petit, grand, "Rapport", "Médianes", ""):
        table.add_column(nom, justify="right", no_wrap=True)
    for one in sorted(bilan["genres"], key=lambda one: (one["sorte"], -one["rapport"])):
        table.add_row(
            one["nom"],
            one["sorte"],
            f"{one['p95_petit_ms']:.1f} ms",
            f"{one['p95_grand_ms']:.1f} ms",
            f"[bold]{one['rapport']:.2f}[/bold]",
            f"{one['rapport_medianes']:.2f}",
            "[green]tenu[/green]" if one["tenu"] else "[red]manqué[/red]",
        )
    console.print(table)
