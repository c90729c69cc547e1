"""Calls the Core REST Recording API from Python, with the standard library only.

    python3 pause.py http://127.0.0.1:8080 ucc-demo-name sip:agent@domain.com CORRELATION_ID

Uses v2 if HUSH_TOKEN is set (docs/integrate/authentication.md), otherwise v1.
"""

import json
import os
import sys
import urllib.request


class NotPaused(Exception):
    """Raised if the call may be recorded. Do not read out card data."""


def command(base, action, ucc, requester, correlation_id):
    token = os.environ.get("HUSH_TOKEN")
    body = {
        "Action": action,
        "RequesterSipUri": requester,
        "CorrelationId": correlation_id,
        "UCCName": ucc,
    }
    request = urllib.request.Request(
        f"{base}/attendantservice/api/{'v2/' if token else ''}recording/set",
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        },
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        answer = json.load(response)
    # The status is 200 even if the command failed.
    if answer["ErrorMessage"] is not None:
        raise NotPaused(answer["ErrorMessage"]["Message"])
    return answer["RecordingState"]


def main():
    base, ucc, requester, correlation_id = sys.argv[1:]
    call = (ucc, requester, correlation_id)
    if command(base, "Pause", *call) != 3:
        raise NotPaused("the recorder is not Paused")
    try:
        print("paused: the card may be read out now")
    finally:
        state = command(base, "Start", *call)
    print("resumed" if state == 1 else f"RecordingState {state}")


if __name__ == "__main__":
    try:
        main()
    except (NotPaused, OSError) as error:
        sys.exit(f"not paused, or not resumed: {error}")
