"""The tables, by aggregate. The migrations in ``migrations/`` make them; a test keeps both equal.

What may change together is locked by one row: the intent of a request, the revision of a grant.
"""

from exchange.store.tables.base import METADATA
from exchange.store.tables.campaigns import campaign, campaign_item
from exchange.store.tables.cases import (
    case_relation,
    case_subject,
    delivery,
    evidence_request,
    seen_proof,
    service_case,
)
from exchange.store.tables.catalogue import (
    catalogue_draft,
    catalogue_object,
    catalogue_publication,
    catalogue_version,
    system_check_in,
)
from exchange.store.tables.certificates import certificate, certificate_change
from exchange.store.tables.challenges import challenge, challenge_event
from exchange.store.tables.consents import consent
from exchange.store.tables.corrections import correction, correction_event
from exchange.store.tables.emergencies import emergency, emergency_event
from exchange.store.tables.events import event, event_subscription, signal, signal_turn
from exchange.store.tables.forwardings import forwarded_message, forwarding, forwarding_post
from exchange.store.tables.locks import looked_up, system_lock
from exchange.store.tables.messages import message, message_read
from exchange.store.tables.policies import decision, grant_force, grant_version, policy_epoch
from exchange.store.tables.ratings import rating, rating_event
from exchange.store.tables.requests import access_request, access_request_batch, access_request_event, request_rule
from exchange.store.tables.resolutions import case_circumstance, case_outcome, resolution
from exchange.store.tables.responders import responder_task, responder_task_event, responder_task_secret
from exchange.store.tables.return_flows import return_flow, return_flow_file, return_flow_part, return_flow_row
from exchange.store.tables.sealings import sealing
from exchange.store.tables.sessions import console_session
from exchange.store.tables.waiting import further_answer, waiting_item

__all__ = [
    "METADATA",
    "access_request",
    "access_request_batch",
    "access_request_event",
    "campaign",
    "campaign_item",
    "case_circumstance",
    "case_outcome",
    "case_relation",
    "case_subject",
    "catalogue_draft",
    "catalogue_object",
    "catalogue_publication",
    "catalogue_version",
    "certificate",
    "certificate_change",
    "challenge",
    "challenge_event",
    "consent",
    "console_session",
    "correction",
    "correction_event",
    "decision",
    "delivery",
    "emergency",
    "emergency_event",
    "event",
    "event_subscription",
    "evidence_request",
    "forwarded_message",
    "forwarding",
    "forwarding_post",
    "further_answer",
    "grant_force",
    "grant_version",
    "looked_up",
    "message",
    "message_read",
    "policy_epoch",
    "rating",
    "rating_event",
    "request_rule",
    "resolution",
    "responder_task",
    "responder_task_event",
    "responder_task_secret",
    "return_flow",
    "return_flow_file",
    "return_flow_part",
    "return_flow_row",
    "sealing",
    "seen_proof",
    "service_case",
    "signal",
    "signal_turn",
    "system_check_in",
    "system_lock",
    "waiting_item",
]
