"""Sinch RCI, the configuration interface: all 109 operations, one line each.

Belongs here: which operations there are, and what is odd about one of them. Does not belong here: how a kind of
operation works (`rci_reads.py`, `rci_writes.py`), and the fields (`rci_models.py`, `rci_bodies.py`).

The number of an operation is that of its row in vendors.md, 2(d). Names are the vendor's, in snake case: a list has
the plural, one object the singular, and what belongs to an object stands behind it (`user_roles` are a user's roles).
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sinch.rci_bodies import (
    AttributeBody,
    AuthenticationBody,
    CertificateBody,
    DisruptionEventBody,
    ExtensionBody,
    MessagingServiceBody,
    QueueBody,
    QueueGroupBody,
    RoleBody,
    SkillBody,
    SkillValueBody,
    UserBody,
    UserGroupBody,
    UserSkillBody,
)
from connectors.sinch.rci_models import (
    Attachment,
    Attribute,
    AudioPrompt,
    Authentication,
    Certificate,
    CpExtension,
    CustomIvr,
    DisruptionEvent,
    DisruptionItem,
    DisruptionSet,
    Extension,
    MessagingService,
    PrsProfile,
    Queue,
    QueueGroup,
    ReplyTemplate,
    Role,
    Skill,
    SourceCode,
    SourceCodeVersion,
    TimeZone,
    User,
    UserGroup,
    UserShort,
    UserSkill,
)
from connectors.sinch.rci_operations import Operation, RciConnection
from connectors.sinch.rci_queries import Criteria
from connectors.sinch.rci_reads import Listing, PagedListing, Reading
from connectors.sinch.rci_writes import (
    Creation,
    Deletion,
    Linking,
    NestedCreation,
    NestedReplacement,
    Removal,
    Replacement,
)

BY_ID_AND_NAME = Criteria(("id", "name"))
BY_NAME_AND_LANGUAGE = Criteria(("name", "language"))

SHORT = (
    "Rows hold id and name, and the fields that the query filters by: ask for email='*' to see the e-mail addresses."
)
PASSWORD = "The password is seldom told: a replacement without one clears it."
WHOLE_QUEUE = (
    "The vendor's text says that this deletes the queue; by its path it takes the queue out of the group. Not tried."
)
SLASH = "The / of an IANA id is sent as %2F, which some servers refuse: time_zones(id=…) asks the same."
VALUE = "By the schema it tells name and description, by the newer document the value: all three may be None."


class RciClient(RciConnection):
    """RCI over a transport whose base address ends before `/users`."""

    users = PagedListing(
        "/users",
        UserShort,
        1,
        criteria=Criteria(("firstName", "surname", "externalId", "chatName", "chat", "email", "phone")),
        note=SHORT,
    )
    create_user = Creation("/users", UserBody, 2)
    user = Reading("/users/{userId}", User, 3)
    replace_user = Replacement("/users/{userId}", UserBody, 4)
    delete_user = Deletion("/users/{userId}", 5)
    user_user_groups = Listing("/users/{userId}/userGroups", UserGroup, 6)
    add_user_user_group = Linking("/users/{userId}/userGroups", "user_group_id", 7)
    user_user_group = Reading("/users/{userId}/userGroups/{userGroupId}", UserGroup, 8)
    remove_user_user_group = Removal("/users/{userId}/userGroups/{userGroupId}", 9)
    user_roles = Listing("/users/{userId}/roles", Role, 10)
    add_user_role = Linking("/users/{userId}/roles", "role_id", 11)
    user_role = Reading("/users/{userId}/roles/{roleId}", Role, 12)
    remove_user_role = Removal("/users/{userId}/roles/{roleId}", 13)
    user_certificates = Listing("/users/{userId}/certificates", Certificate, 14)
    create_user_certificate = NestedCreation("/users/{userId}/certificates", CertificateBody, 15)
    user_certificate = Reading("/users/{userId}/certificates/{certificateId}", Certificate, 16)
    delete_user_certificate = Deletion("/users/{userId}/certificates/{certificateId}", 17)
    user_skills = Listing("/users/{userId}/skills", UserSkill, 18, note=VALUE)
    add_user_skill = NestedCreation("/users/{userId}/skills", UserSkillBody, 19)
    user_skill = Reading("/users/{userId}/skills/{skillId}", UserSkill, 20, note=VALUE)
    replace_user_skill = NestedReplacement("/users/{userId}/skills/{skillId}", SkillValueBody, 21)
    remove_user_skill = Removal("/users/{userId}/skills/{skillId}", 22)

    user_groups = PagedListing("/userGroups", UserGroup, 23, criteria=BY_ID_AND_NAME)
    create_user_group = Creation("/userGroups", UserGroupBody, 24)
    user_group = Reading("/userGroups/{userGroupId}", UserGroup, 25)
    replace_user_group = Replacement("/userGroups/{userGroupId}", UserGroupBody, 26)
    delete_user_group = Deletion("/userGroups/{userGroupId}", 27)
    user_group_users = Listing("/userGroups/{userGroupId}/users", UserShort, 28)
    add_user_group_user = Linking("/userGroups/{userGroupId}/users", "user_id", 29)
    user_group_user = Reading("/userGroups/{userGroupId}/users/{userId}", User, 30)
    remove_user_group_user = Removal("/userGroups/{userGroupId}/users/{userId}", 31)

    queues = PagedListing("/queues", Queue, 32, criteria=Criteria(("name", "description", "address")))
    create_queue = Creation("/queues", QueueBody, 33)
    queue = Reading("/queues/{queueId}", Queue, 34)
    replace_queue = Replacement("/queues/{queueId}", QueueBody, 35)
    delete_queue = Deletion("/queues/{queueId}", 36)
    queue_extensions = Listing("/queues/{queueId}/extensions", Extension, 37)
    create_queue_extension = NestedCreation("/queues/{queueId}/extensions", ExtensionBody, 38)
    queue_extension = Reading("/queues/{queueId}/extensions/{extensionId}", Extension, 39)
    delete_queue_extension = Deletion("/queues/{queueId}/extensions/{extensionId}", 40)
    queue_queue_groups = Listing("/queues/{queueId}/queueGroups", QueueGroup, 41)
    add_queue_queue_group = Linking("/queues/{queueId}/queueGroups", "queue_group_id", 42)
    queue_queue_group = Reading("/queues/{queueId}/queueGroups/{queueGroupId}", QueueGroup, 43)
    remove_queue_queue_group = Removal("/queues/{queueId}/queueGroups/{queueGroupId}", 44)
    queue_attributes = Listing("/queues/{queueId}/attributes", Attribute, 45, criteria=BY_NAME_AND_LANGUAGE)
    create_queue_attribute = NestedCreation("/queues/{queueId}/attributes", AttributeBody, 46)

    queue_groups = PagedListing("/queueGroups", QueueGroup, 47, criteria=Criteria(("name", "description")))
    create_queue_group = Creation("/queueGroups", QueueGroupBody, 48)
    queue_group = Reading("/queueGroups/{queueGroupId}", QueueGroup, 49)
    replace_queue_group = Replacement("/queueGroups/{queueGroupId}", QueueGroupBody, 50)
    delete_queue_group = Deletion("/queueGroups/{queueGroupId}", 51)
    queue_group_queues = PagedListing("/queueGroups/{queueGroupId}/queues", Queue, 52, criteria=Criteria(("name",)))
    add_queue_group_queue = Linking("/queueGroups/{queueGroupId}/queues", "queue_id", 53)
    queue_group_queue = Reading("/queueGroups/{queueGroupId}/queues/{queueId}", Queue, 54)
    remove_queue_group_queue = Removal("/queueGroups/{queueGroupId}/queues/{queueId}", 55, note=WHOLE_QUEUE)
    queue_group_attributes = Listing(
        "/queueGroups/{queueGroupId}/attributes", Attribute, 56, criteria=BY_NAME_AND_LANGUAGE
    )
    create_queue_group_attribute = NestedCreation("/queueGroups/{queueGroupId}/attributes", AttributeBody, 57)

    roles = PagedListing("/roles", Role, 58, criteria=BY_ID_AND_NAME)
    create_role = Creation("/roles", RoleBody, 59)
    role = Reading("/roles/{roleId}", Role, 60)
    replace_role = Replacement("/roles/{roleId}", RoleBody, 61)
    delete_role = Deletion("/roles/{roleId}", 62)
    role_users = Listing("/roles/{roleId}/users", UserShort, 63)
    add_role_user = Linking("/roles/{roleId}/users", "user_id", 64)
    role_user = Reading("/roles/{roleId}/users/{userId}", User, 65)
    remove_role_user = Removal("/roles/{roleId}/users/{userId}", 66)

    skills = PagedListing("/skills", Skill, 67, criteria=BY_ID_AND_NAME)
    create_skill = Creation("/skills", SkillBody, 68)
    skill = Reading("/skills/{skillId}", Skill, 69)
    replace_skill = Replacement("/skills/{skillId}", SkillBody, 70)
    delete_skill = Deletion("/skills/{skillId}", 71)

    time_zones = PagedListing("/timeZones", TimeZone, 72, criteria=BY_ID_AND_NAME)
    time_zone = Reading("/timeZones/{timeZoneId}", TimeZone, 73, note=SLASH)
    prs_profiles = PagedListing("/prsProfiles", PrsProfile, 74, criteria=Criteria(("id", "name", "reason")))
    prs_profile = Reading("/prsProfiles/{prsProfileId}", PrsProfile, 75)

    messaging_services = PagedListing("/messagingServices", MessagingService, 76, criteria=Criteria(("id", "type")))
    create_messaging_service = Creation("/messagingServices", MessagingServiceBody, 77)
    messaging_service = Reading("/messagingServices/{messagingServiceId}", MessagingService, 78)
    replace_messaging_service = Replacement("/messagingServices/{messagingServiceId}", MessagingServiceBody, 79)
    delete_messaging_service = Deletion("/messagingServices/{messagingServiceId}", 80)
    messaging_service_authentications = Listing(
        "/messagingServices/{messagingServiceId}/authentications", Authentication, 81
    )
    create_messaging_service_authentication = NestedCreation(
        "/messagingServices/{messagingServiceId}/authentications", AuthenticationBody, 82
    )
    messaging_service_authentication = Reading(
        "/messagingServices/{messagingServiceId}/authentications/{id}", Authentication, 83
    )
    replace_messaging_service_authentication = NestedReplacement(
        "/messagingServices/{messagingServiceId}/authentications/{id}", AuthenticationBody, 84, note=PASSWORD
    )
    delete_messaging_service_authentication = Deletion(
        "/messagingServices/{messagingServiceId}/authentications/{id}", 85
    )

    reply_templates = PagedListing(
        "/replyTemplates",
        ReplyTemplate,
        86,
        criteria=Criteria(("keyword", "queueId", "language", "name"), repeated=frozenset({"keyword"})),
        is_sorted=False,
    )
    reply_template = Reading("/replyTemplates/{replyTemplateId}", ReplyTemplate, 87)
    reply_template_attachments = Listing("/replyTemplates/{replyTemplateId}/attachments", Attachment, 88)
    reply_template_attachment = Reading("/replyTemplates/{replyTemplateId}/attachments/{attachmentId}", Attachment, 89)

    custom_ivrs = PagedListing(
        "/customIvrs",
        CustomIvr,
        90,
        criteria=Criteria(("name", "description", "address", "attributeName", "attributeValue"), flags=("active",)),
    )
    custom_ivr = Reading("/customIvrs/{customIvrId}", CustomIvr, 91)
    custom_ivr_source_codes = Listing("/customIvrs/{customIvrId}/sourceCodes", SourceCodeVersion, 92)
    custom_ivr_source_code = Reading("/customIvrs/{customIvrId}/sourceCodes/{sourceCodeId}", SourceCode, 93)
    custom_ivr_current_source_code_version = Reading(
        "/customIvrs/{customIvrId}/currentSourceCodeVersion", SourceCode, 94
    )
    custom_ivr_attributes = Listing(
        "/customIvrs/{customIvrId}/attributes", Attribute, 95, criteria=BY_NAME_AND_LANGUAGE
    )
    create_custom_ivr_attribute = NestedCreation("/customIvrs/{customIvrId}/attributes", AttributeBody, 96)

    audio_prompts = PagedListing(
        "/audioPrompts",
        AudioPrompt,
        97,
        criteria=Criteria(("name", "description", "promptType", "sourceType", "loopType")),
    )
    audio_prompt = Reading("/audioPrompts/{audioPromptId}", AudioPrompt, 98)
    cp_extensions = PagedListing(
        "/cpExtensions",
        CpExtension,
        99,
        criteria=Criteria(("name", "description", "title", "url", "icon"), flags=("hidden",)),
    )
    cp_extension = Reading("/cpExtensions/{cpExtensionId}", CpExtension, 100)

    disruption_sets = PagedListing("/disruptionSets", DisruptionSet, 101, criteria=Criteria(("name", "externalId")))
    disruption_set = Reading("/disruptionSets/{disruptionSetId}", DisruptionSet, 102)
    disruption_set_events = Listing(
        "/disruptionSets/{disruptionSetId}/events",
        DisruptionEvent,
        103,
        criteria=Criteria(flags=("active",), windows=("activeFrom", "activeTo", "created", "modified")),
        note="A time means after it, with _end before it.",
    )
    create_disruption_set_event = NestedCreation("/disruptionSets/{disruptionSetId}/events", DisruptionEventBody, 104)
    disruption_set_event = Reading("/disruptionSets/{disruptionSetId}/events/{eventId}", DisruptionEvent, 105)
    replace_disruption_set_event = NestedReplacement(
        "/disruptionSets/{disruptionSetId}/events/{eventId}", DisruptionEventBody, 106
    )
    delete_disruption_set_event = Deletion("/disruptionSets/{disruptionSetId}/events/{eventId}", 107)
    disruption_set_items = Listing(
        "/disruptionSets/{disruptionSetId}/items",
        DisruptionItem,
        108,
        criteria=Criteria(("externalId", "name", "type", "description", "promptId", "promptName", "promptExternalId")),
    )
    disruption_set_item = Reading("/disruptionSets/{disruptionSetId}/items/{itemId}", DisruptionItem, 109)


def operations() -> Mapping[str, Operation]:
    """Every operation by its name, in the order of the document."""
    return {name: one for name, one in vars(RciClient).items() if isinstance(one, Operation)}
