"""An example of every request that has a body, and of what it is answered: shown by the contract, and each run by the tests.

The answers stand in `examples.json` as the suite gave them (`EXAMPLES=record ./dev test tests/functions/test_examples.py`).
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("examples.json")
UUID = "dddddddd-0000-4000-8000-000000000001"
REQUESTS: Mapping[str, dict[str, Any]] = {
    "use_own_right": {"kind": "other", "text": "Who are you?"},
    "extend_request": {"reason": "for a reason"},
    "erase_person": {"email": "grace@example.org"},
    "close_request": {"state": "done", "note": "for a reason", "message": "This is the answer"},
    "sign_up_ambassador": {
        "email": "nina@example.org",
        "password": "correct horse battery staple",
        "gender": "female",
        "firstName": "Nina",
        "lastName": "New",
        "alias": "nina",
        "acceptTerms": True,
        "language": "en",
    },
    "confirm_ambassador": {"token": "t"},
    "open_session": {"email": "ada@example.org", "password": "x"},
    "edit_account": {"about": "Me"},
    "forget_password": {"email": "ada@example.org"},
    "reset_password": {"token": "t", "password": "a long enough password"},
    "enter_contact": {"email": "new@example.org"},
    "edit_contact": {"firstName": "Other"},
    "invite_contacts": {"all": True},
    "publish": {"all": True, "subject": "News", "body": "Look", "contents": []},
    "give_grant": {"token": "t", "accountId": "7"},
    "agree_to_reuse": {"contest": "summer", "textVersion": "x"},
    "define_contest": {"title": "T", "usage": "U", "endsAt": "2031-01-01T00:00:00Z", "days": 9},
    "give_award": {"title": "Best"},
    "comment_publication": {"text": "Nice"},
    "send_newsletter": {"subject": "News", "body": "Look"},
    "confirm_sweep": {"plan": "0" * 64},
    "replace_policy": {
        "displayName": "Acme",
        "sender": {"email": "hello@acme.example", "name": "Acme"},
        "privacyPolicyUrl": "https://acme.example/privacy",
    },
    "change_status": {"action": "suspend", "reason": "for a reason"},
    "grant_user": {"tenantId": UUID, "objectId": UUID, "displayName": "Jane", "role": "brand_support"},
    "change_user": {"role": "brand_admin"},
    "release_suppression": {"email": "new@example.org", "reason": "for a reason"},
    "close_flag": {"decision": "harmless", "reason": "for a reason"},
    "create_api_key": {"scopes": ["sync"]},
    "receive_orders": {
        "orders": [{"orderId": "7", "ambassador": "a", "email": "a@example.org", "amount": "1", "currency": "EUR"}]
    },
    "fill_in_blog": {"email": "new@example.org", "message": "Hello", "consents": {"ambassador": True}},
    "fill_in_form": {"email": "new@example.org", "ambassador": "ada", "fields": {}},
    "fill_in_external_form": {"email": "new@example.org", "ambassador": "ada", "fields": {}},
    "put_form": {"kind": "internal", "title": {"en": "Join us"}, "boxes": ["brand"], "fields": []},
    "migrate_contacts": {"contacts": [{"ambassador": "ada", "email": "new@example.org"}]},
    "ask_for_voucher": {"email": "new@example.org", "ambassador": "ada"},
    "redeem_voucher": {"amount": "1", "currency": "EUR"},
    "sync_ambassadors": {"upserts": [{"key": "7", "firstName": "Ada"}], "deletes": [{"key": "8"}]},
    "sync_contacts": {"upserts": [{"key": "7", "ambassador": "ada"}], "deletes": [{"key": "8"}]},
    "open_brand": {
        "brand": "initech",
        "policy": {
            "displayName": "Initech",
            "sender": {"email": "hello@initech.example", "name": "Initech"},
            "privacyPolicyUrl": "https://initech.example/privacy",
        },
        "accountTeam": [{"tenantId": UUID, "objectId": UUID, "displayName": "Tom"}],
    },
    "replay_poison": {"message": "42"},
}


@cache
def answers() -> Mapping[str, Any]:
    """What each operation answered, by its name: status and content."""
    found: Mapping[str, Any] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return found
