"""RTC tokens for the recorder: AccessToken2 by the vendor's own package (facts 7)."""

from __future__ import annotations

import time
import warnings

from recorder_tasks.agora.body.common import check_uid
from recorder_tasks.agora.errors import TokenError

with warnings.catch_warnings():  # the package imports its oldest modules too, which warn that they are old
    warnings.simplefilter("ignore", DeprecationWarning)
    from agoraiotools.AccessToken2 import AccessToken, ServiceRtc

LIFETIME_MAX = 86_400  # seconds: no privilege lives longer (7.1)


def recorder_token(
    app_id: str, certificate: str, channel: str, uid: int, *, seconds: int, issued_at: float | None = None
) -> str:
    """A token that lets ``uid`` join ``channel`` for ``seconds`` (1 to 86400), to listen and look.

    They count from ``issued_at`` (UTC epoch seconds), by default this host's clock: whoever knows a better
    clock should give it, since a host that is late makes tokens that expire too early. It cannot be renewed
    while recording: when it expires the recorder leaves, so it is also the last net under a recorder that
    nobody stops. Raises TokenError.
    """
    if isinstance(seconds, bool) or not 1 <= seconds <= LIFETIME_MAX:
        raise TokenError(f"token lifetime of {seconds} s must be from 1 to {LIFETIME_MAX} s")
    service = ServiceRtc(channel, int(check_uid(uid)))
    service.add_privilege(ServiceRtc.kPrivilegeJoinChannel, seconds)
    issued = int(time.time() if issued_at is None else issued_at)
    token = AccessToken(app_id, certificate, issue_ts=issued, expire=seconds)
    token.add_service(service)
    built = token.build()
    if not built:  # how the package reports ids that are not hexadecimal
        raise TokenError("App ID and App Certificate must be 32 hexadecimal characters each")
    return str(built)
