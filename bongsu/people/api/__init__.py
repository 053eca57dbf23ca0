"""People, posts, teams, entities and tokens for machines."""

from ninja import Router

from . import organisation, persons, posts, tokens

router = Router()
for part in (persons, posts, organisation, tokens):
    router.add_router("", part.router)
