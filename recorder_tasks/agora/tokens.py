"""RTC tokens for the recorder: AccessToken2 by the vendor's own builder (facts 7)."""

from __future__ import annotations

import warnings

from recorder_tasks.agora.body.common import check_uid
from recorder_tasks.agora.errors import TokenError

with warnings.catch_warnings():  # the package imports its oldest modules too, which warn that they are old
    warnings.simplefilter("ignore", DeprecationWarning)
    from agoraiotools.RtcTokenBuilder2 import Role_Subscriber, RtcTokenBuilder

LIFETIME_MAX = 86_400  # seconds: no privilege lives longer (7.1)


def recorder_token(app_id: str, certificate: str, channel: str, uid: int, *, seconds: int) -> str:
    """A token that lets ``uid`` join ``channel`` for ``seconds`` from now (1 to 86400), to listen and look.

    It cannot be renewed while recording: when it expires the recorder leaves, so it is also the last net
    under a recorder that nobody stops. Raises TokenError.
    """
    if isinstance(seconds, bool) or not 1 <= seconds <= LIFETIME_MAX:
        raise TokenError(f"token lifetime of {seconds} s must be from 1 to {LIFETIME_MAX} s")
    token = RtcTokenBuilder.build_token_with_uid(
        app_id, certificate, channel, int(check_uid(uid)), Role_Subscriber, seconds, seconds
    )
    if not token:  # how the builder reports ids that are not hexadecimal
        raise TokenError("App ID and App Certificate must be 32 hexadecimal characters each")
    return str(token)
