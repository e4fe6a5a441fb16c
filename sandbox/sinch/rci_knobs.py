"""The settings of the RCI double, most of them answers to what the vendor's document leaves open.

Belongs here: fields and their defaults. Does not belong here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.sinch.knobs import SinchKnobs


@dataclass
class RciKnobs(SinchKnobs):
    """How this RCI behaves. The login and `collapse_single` are those of OBI, so that one server may serve both.

    Attributes:
        put_answer: The status of a PUT: the operations say 204, the text above them 201.
        delete_answer: The status of a DELETE: documented is 204, but 200 with a message for a user's group.
        create_answer: Where the id of what was created is told.
        id36: Ids are answered with hyphens.
        misspelt_names: `langauge` and `externalid` are answered, as the schemas write them.
        skill_view: What a user's skill shows: its value, or name and description, as the schema says.
        echo_passwords: The password of an authentication is answered.
        bare_wrappers: Whether wrapped lists may come bare.
        ignore_filters, ignore_offset: Parameters that have no effect.
        max_limit: More rows are never answered at once; None is no maximum.
    """

    put_answer: Literal["204", "201", "200"] = "204"
    delete_answer: Literal["documented", "200", "201", "202", "204"] = "documented"
    create_answer: Literal["body", "both", "location"] = "body"
    id36: bool = False
    misspelt_names: bool = False
    skill_view: Literal["value", "schema"] = "value"
    echo_passwords: bool = False
    bare_wrappers: Literal["reject", "accept"] = "reject"
    ignore_filters: bool = False
    ignore_offset: bool = False
    max_limit: int | None = None
