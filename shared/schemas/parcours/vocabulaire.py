"""Words that several resources of parcours share."""

AGENT = "Code opaque de l'agent chez le partenaire ; ni nom, ni NIR"
NIVEAU_REQUIS = "Requis, sauf pour `handicap` : c'est un statut, il n'a pas de niveau"

TEXTE_LIBRE = "Refusé sur un frein de santé ou de handicap ; ni santé, ni identité d'un tiers"
