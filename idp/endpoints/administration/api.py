"""The addresses of the administration API: each asks a desk and puts its answer into JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus

from idp.administration import people_desk, policies
from idp.administration.acts import ShownOnce
from idp.administration.client_desk import ClientDesk
from idp.administration.enrolments import LINK
from idp.administration.event_desk import EventDesk
from idp.administration.key_desk import KeyDesk
from idp.administration.people_desk import PeopleDesk
from idp.administration.proposals import Proposals
from idp.administration.resource_desk import RESOURCE, ResourceDesk
from idp.administration.rights import Actor, Command, permit
from idp.administration.second_reading import Reading
from idp.administration.window_desk import Seen, WindowDesk
from idp.administration.window_recovery import RECOVERY_LINK
from idp.endpoints.administration import bodies
from idp.model.invitation import Terms
from idp.model.proposal import Proposal
from idp.proofing.recovery_asking import RECOVER
from kernel.canonical import JSON
from kernel.problems import MALFORMED_REQUEST, Problem
from kernel.settings import IdpSettings
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

_CREATED, _ACCEPTED, _NOTHING = HTTPStatus.CREATED.value, HTTPStatus.ACCEPTED.value, HTTPStatus.NO_CONTENT.value
_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class AdministrationApi:
    """Everything an administrator's program may call."""

    clients: ClientDesk
    resources: ResourceDesk
    people: PeopleDesk
    window: WindowDesk
    keys: KeyDesk
    events: EventDesk
    proposals: Proposals
    settings: IdpSettings

    # Clients and departments ------------------------------------------------------------------------------------------

    def list_clients(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The clients within reach."""
        del request
        return json_response({"clients": self.clients.every(actor)})

    def register_client(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """A new client, with its secret this once."""
        return json_response(self.clients.add(actor, bodies.read_object(request)), _CREATED)

    def show_client(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """One client."""
        del request
        return json_response(self.clients.show(actor, client_id))

    def update_client(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """Other metadata in place of a client's."""
        return json_response(self.clients.update(actor, client_id, bodies.read_object(request)))

    def rotate_secret(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """A new secret, shown this once."""
        del request
        return json_response(self.clients.rotate_secret(actor, client_id))

    def disable_client(self, actor: Actor, request: HttpRequest, client_id: str) -> HttpResponse:
        """Refuse a client from now on."""
        del request
        self.clients.disable(actor, client_id)
        return HttpResponse(_NOTHING)

    def invite_client(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The proposal of an initial access token (RFC 7591 §1.2)."""
        asked = bodies.read(bodies.ClientInvitationBody, request)
        terms = Terms(asked["organisation"], frozenset(asked["scopes"]), frozenset(asked["grant_types"]))
        return _done(self.clients.invite(actor, terms, uses=asked["uses"], hours=asked["valid_hours"]))

    def list_invitations(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Initial access tokens that still work, without the tokens."""
        del request
        return json_response({"invitations": self.clients.invitations(actor)})

    def show_invitation(self, actor: Actor, request: HttpRequest, invitation: str) -> HttpResponse:
        """One of them."""
        del request
        return json_response(self.clients.invitation(actor, invitation))

    def withdraw_invitation(self, actor: Actor, request: HttpRequest, invitation: str) -> HttpResponse:
        """Let nobody register by it any more."""
        del request
        self.clients.withdraw_invitation(actor, invitation)
        return HttpResponse(_NOTHING)

    def list_resources(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The resource servers within reach."""
        del request
        return json_response({"resources": self.resources.every(actor)})

    def put_resource(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Add a resource server, or describe it anew."""
        return json_response(self.resources.put(actor, bodies.read_object(request)))

    def disable_resource(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Issue no more tokens for a resource server; its identifier, an address itself, stands in the body."""
        self.resources.disable(actor, bodies.read(bodies.ResourceName, request)[RESOURCE])
        return HttpResponse(_NOTHING)

    def list_organisations(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Every department."""
        del request
        return json_response({"organisations": self.clients.organisations(actor)})

    def put_organisation(self, actor: Actor, request: HttpRequest, code: str) -> HttpResponse:
        """Add or rename a department."""
        name = bodies.read(bodies.OrganisationBody, request)["name"]
        self.clients.put_organisation(actor, code, Text(name["zh"], name["en"]))
        return HttpResponse(_NOTHING)

    # People -----------------------------------------------------------------------------------------------------------

    def find_person(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """By exact user name, in the body: names do not belong into addresses."""
        username = bodies.read(bodies.PersonSearch, request)["username"]
        return json_response(people_desk.shown(self.people.by_username(actor, username)))

    def show_person(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """One account, without numbers."""
        del request
        return json_response(people_desk.shown(self.people.show(actor, person)))

    def disable_person(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Refuse an account from now on, or the proposal it takes."""
        del request
        return _done(self.people.disable(actor, person))

    def enable_person(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Admit an account again."""
        del request
        self.people.enable(actor, person)
        return HttpResponse(_NOTHING)

    def end_sessions(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Sign somebody out everywhere."""
        del request
        self.people.end_sessions(actor, person)
        return HttpResponse(_NOTHING)

    def list_sessions(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Where somebody is signed in."""
        del request
        listed = [
            {
                "id": session.id,
                "signed_in_at": session.authentication.at.isoformat(),
                "seen_at": session.seen_at.isoformat(),
                "methods": [*session.authentication.methods],
            }
            for session in self.people.sessions(actor, person)
        ]
        return json_response({"sessions": listed})

    def count_sessions(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """How many sessions there are."""
        del request
        return json_response({"live": self.people.count_sessions(actor)})

    def change_roles(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """Give and take offices, or the proposal it takes."""
        asked = bodies.read(bodies.RolesBody, request)
        before = None if asked["before"] is None else tuple(asked["before"])
        return _done(self.people.change_roles(actor, person, tuple(asked["roles"]), before))

    def invite(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """A one-time link for a new member of staff, or the proposal it takes."""
        asked = bodies.read(bodies.InvitationBody, request)
        invited = self.people.invite(actor, tuple(asked["roles"]), asked["organisation"])
        if invited.proposal is not None:
            return _done(invited.proposal)
        return json_response(once(self.settings, invited.shown), _CREATED)

    # At a window ------------------------------------------------------------------------------------------------------

    def find_at_window(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """The account of the person in front of the clerk, by exact user name."""
        username = bodies.read(bodies.PersonSearch, request)["username"]
        return json_response(people_desk.shown(self.window.by_username(actor, username)))

    def record_check(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """A document check, and the proposal it takes."""
        asked = bodies.read(bodies.DocumentCheck, request)
        return _done(self.window.record(actor, person, Seen(**asked)))

    def recover_at_window(self, actor: Actor, request: HttpRequest, person: str) -> HttpResponse:
        """The proposal to let somebody back into their account."""
        return _done(self.window.recover(actor, person, bodies.read(bodies.WindowRecovery, request)["reference"]))

    # Keys, policies, events -------------------------------------------------------------------------------------------

    def list_keys(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Every key with state and dates."""
        del request
        return json_response({"keys": [asdict(key) for key in self.keys.every(actor)]})

    def rotate_key(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Publish the next key."""
        asked = bodies.read(bodies.RotationBody, request)
        return json_response(asdict(self.keys.rotate(actor, asked["purpose"], asked.get("alg"))), _CREATED)

    def revoke_key(self, actor: Actor, request: HttpRequest, kid: str) -> HttpResponse:
        """The proposal to end a key."""
        del request
        return _done(self.keys.propose_revocation(actor, kid))

    def list_policies(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """What is in force, and where it comes from."""
        permit(actor, Command.SEE_POLICIES, None)
        language = request.language
        listed = [
            {
                "name": each.name,
                "label": each.label.in_(language),
                "value": each.value,
                "source": each.source.in_(language),
            }
            for each in policies.in_force(self.settings)
        ]
        return json_response({"policies": listed})

    def list_events(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """Entries of the ledger, newest first."""
        asked = request.parameters()
        page = self.events.page(
            actor, before=number(asked.get("before")), event=asked.get("event", ""), person=asked.get("person", "")
        )
        return json_response({"events": [asdict(each) for each in page.entries], "before": page.before})

    # Four eyes --------------------------------------------------------------------------------------------------------

    def list_proposals(self, actor: Actor, request: HttpRequest) -> HttpResponse:
        """What waits for the caller, then the newest proposals; page by page."""
        page = self.proposals.page(actor, request.parameters().get("before", ""))
        return json_response({"proposals": [shown(each) for each in page.entries], "before": page.before})

    def show_proposal(self, actor: Actor, request: HttpRequest, proposal: str) -> HttpResponse:
        """One proposal."""
        del request
        found, readings = self.proposals.show(actor, proposal), self.proposals.readings
        account = readings.account(actor, found)
        told: dict[str, JSON] = {} if account is None else {"account": account, "asks": [*readings.asked(found)]}
        return json_response({**shown(found), **told})

    def confirm_proposal(self, actor: Actor, request: HttpRequest, proposal: str) -> HttpResponse:
        """Carry it out: by somebody else, for exactly what the digest covers."""
        asked = bodies.read(bodies.ConfirmationBody, request)
        read = Reading(asked["name"], asked["number"])
        shown_once = self.proposals.confirm(actor, proposal, asked["digest"], read)
        return HttpResponse(_NOTHING) if shown_once is None else json_response(once(self.settings, shown_once))

    def decline_proposal(self, actor: Actor, request: HttpRequest, proposal: str) -> HttpResponse:
        """Say no."""
        self.proposals.decline(actor, proposal, bodies.read(bodies.DecisionBody, request)["digest"])
        return HttpResponse(_NOTHING)


_AT = {LINK: "/enrol", RECOVERY_LINK: f"{RECOVER}/link"}
"""Where links lead."""


def once(settings: IdpSettings, told: ShownOnce | None) -> dict[str, str]:
    """What is shown this once, by its name; a link as its whole address."""
    if told is None:
        return {}
    return {told.name: f"{settings.issuer}{_AT[told.name]}/{told.secret}" if told.name in _AT else told.secret}


def shown(proposal: Proposal) -> dict[str, JSON]:
    """A proposal as it is seen before it is decided on."""
    facts: Mapping[str, JSON] = proposal.facts
    return {
        "id": proposal.id,
        "command": proposal.command,
        "facts": dict(facts),
        "digest": proposal.digest,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at.isoformat(),
        "expires_at": proposal.expires_at.isoformat(),
        "decided_by": proposal.decided_by,
        "outcome": proposal.outcome.value if proposal.outcome else None,
    }


def number(text: str | None) -> int | None:
    """A place in the log; None for none. Raises Problem (request.malformed)."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Problem(MALFORMED_REQUEST)
    return int(text)


def _done(proposal: Proposal | None) -> HttpResponse:
    """Done, or waiting for a second person."""
    return HttpResponse(_NOTHING) if proposal is None else json_response({"proposal": shown(proposal)}, _ACCEPTED)
