"""The only writers of this module."""

from .access import create_token, grant_role, make_sign_in_link, reset_second_factor, revoke_role, revoke_token
from .ground import recheck
from .organisation import change_entity, change_team, create_entity, create_team, join_team, leave_team
from .persons import (
    add_contact_way,
    change_person,
    create_person,
    deactivate_person,
    end_contact_way,
    order_contact_ways,
    reactivate_person,
)
from .posts import ensure_posts, remove_post_holder, set_post_holder

__all__ = [
    "add_contact_way",
    "change_entity",
    "change_person",
    "change_team",
    "create_entity",
    "create_person",
    "create_team",
    "create_token",
    "deactivate_person",
    "end_contact_way",
    "ensure_posts",
    "grant_role",
    "join_team",
    "leave_team",
    "make_sign_in_link",
    "order_contact_ways",
    "reactivate_person",
    "recheck",
    "remove_post_holder",
    "reset_second_factor",
    "revoke_role",
    "revoke_token",
    "set_post_holder",
]
