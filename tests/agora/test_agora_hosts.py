"""The order of hosts after failures, and that it is remembered."""

from __future__ import annotations

import pytest

from recorder_tasks.agora import Area, InvalidRequest
from recorder_tasks.agora.hosts import RECORDING, Failure, HostChoice, channel_directory, single

DNS, NETWORK = Failure.DNS, Failure.NETWORK


def walk(choice: HostChoice, *failures: Failure) -> list[str]:
    """The hosts asked when each of them fails in turn."""
    asked = []
    for failure in failures:
        asked.append(choice.current.name)
        choice.failed(choice.current, failure)
    return [*asked, choice.current.name]


def test_a_network_failure_goes_to_the_region_next_door_and_not_to_the_other_domain() -> None:
    assert walk(HostChoice(RECORDING[Area.EU]), NETWORK, NETWORK, NETWORK, NETWORK) == [
        "api-eu-west-1.agora.io",
        "api-eu-west-1.agora.io",
        "api-eu-central-1.agora.io",
        "api-eu-central-1.sd-rtn.com",
        "api-eu-west-1.sd-rtn.com",
    ]


def test_a_name_that_is_not_found_is_tried_under_the_other_domain_first() -> None:
    assert walk(HostChoice(RECORDING[Area.CN]), DNS, DNS, DNS, DNS) == [
        "api-cn-east-1.sd-rtn.com",
        "api-cn-east-1.sd-rtn.com",
        "api-cn-east-1.agora.io",
        "api-cn-north-1.agora.io",
        "api-cn-north-1.sd-rtn.com",
    ]


def test_when_everybody_has_failed_it_begins_anew() -> None:
    asked = walk(HostChoice(RECORDING[Area.US]), *[NETWORK] * 9)
    assert set(asked) == set(asked[:5])
    assert asked[5] == asked[0]


def test_the_host_that_answered_is_asked_first_from_then_on() -> None:
    choice = HostChoice(RECORDING[Area.AP])
    walk(choice, NETWORK, NETWORK)
    choice.answered(choice.current)
    assert walk(choice, NETWORK)[0] == "api-ap-northeast-1.agora.io"


def test_a_late_report_about_a_host_already_left_changes_nothing() -> None:
    choice = HostChoice(RECORDING[Area.US])
    first = choice.current
    walk(choice, NETWORK, NETWORK)
    left_for = choice.current
    choice.failed(first, NETWORK)
    assert choice.current == left_for != first


def test_a_base_url_is_the_only_host_there_is() -> None:
    assert set(walk(HostChoice(single("http://127.0.0.1:8900/")), DNS, NETWORK, NETWORK)) == {
        "127.0.0.1:8900"
    }


@pytest.mark.parametrize("url", ["127.0.0.1:8900", "ftp://x", "http://x/v1", "http://u:p@x", "http://"])
def test_a_base_url_is_a_scheme_and_a_host(url: str) -> None:
    with pytest.raises(InvalidRequest, match="base_url must be"):
        single(url)


def test_channel_management_has_hosts_of_its_own() -> None:
    assert channel_directory(Area.US).primary.url == "https://api.agora.io"
    assert channel_directory(Area.CN).primary.url == "https://api.sd-rtn.com"
