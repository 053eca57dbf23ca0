import pytest

from bongsu.integrations.contract import TransportError
from bongsu.kernel.transport import Transport
from bongsu.plugins.slack.plugin import Config, Plugin, channel_name
from tests.fakes.slack import TOKEN, FakeSlack


@pytest.fixture
def slack():
    fake = FakeSlack().start()
    yield fake
    fake.stop()


@pytest.fixture
def plugin(slack):
    return Plugin(Config(token=TOKEN, url=f"{slack.url}/api"), Transport(allowed=(slack.target,), attempts=1))


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("incident-INC-2026-001", "incident-inc-2026-001"),
        ("#Incident 2026.001!", "incident-2026-001"),
        ("인시던트 001", "인시던트-001"),
        ("x" * 100, "x" * 80),
        ("!!!", "incident"),
    ],
)
def test_names_become_what_slack_takes(plugin, slack, wanted, name):
    assert channel_name(wanted) == name
    assert plugin.open_channel("k", name=wanted).receipt["name"] == name


def test_a_taken_name_gets_a_number_but_our_own_channel_is_found_again(plugin, slack):
    first = plugin.open_channel("incident:1", name="incident-1", topic="t")
    again = plugin.open_channel("incident:1", name="incident-1")
    other = plugin.open_channel("incident:2", name="incident-1")
    assert again.external_id == first.external_id
    assert other.receipt["name"] == "incident-1-2"
    assert slack.channels[first.external_id]["topic"]["value"] == "t"


def test_people_are_invited_and_unknown_ones_are_told(plugin, slack):
    known = slack.add_person("bob@example.org")
    channel = plugin.open_channel("k", name="c").external_id
    receipt = plugin.invite("k", channel=channel, people=["bob@example.org", "gone@example.org"]).receipt
    assert (receipt["invited"], receipt["not_found"]) == ([known], ["gone@example.org"])
    assert plugin.invite("k", channel=channel, people=[known]).receipt["already"] == [known]


def test_a_text_cannot_mention_the_channel(plugin, slack):
    channel = plugin.open_channel("k", name="c").external_id
    plugin.post("k", channel=channel, text="<!channel> & <http://evil|good>")
    assert slack.messages[channel][0]["text"] == "&lt;!channel&gt; &amp; &lt;http://evil|good&gt;"


@pytest.mark.parametrize(
    ("channel", "said"), [("C404", "channel_not_found"), ("foreign", "not_in_channel"), ("old", "is_archived")]
)
def test_refusals_are_permanent(plugin, slack, channel, said):
    slack.channels["C1"] = {"id": "C1", "name": "foreign", "members": [], "is_archived": False}
    slack.channels["C2"] = {"id": "C2", "name": "old", "members": ["UBOT"], "is_archived": True}
    with pytest.raises(TransportError, match=said) as refused:
        plugin.post("k", channel=channel, text="x")
    assert refused.value.permanent


def test_a_rate_limit_passes_and_says_how_long():
    fake = FakeSlack(per_method=0, window=30).start()
    plugin = Plugin(Config(token=TOKEN, url=f"{fake.url}/api"), Transport(allowed=(fake.target,), attempts=1))
    try:
        with pytest.raises(TransportError) as refused:
            plugin.post("k", channel="c", text="x")
    finally:
        fake.stop()
    assert (refused.value.permanent, refused.value.retry_after) == (False, 30)
