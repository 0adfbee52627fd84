import re
from datetime import UTC, datetime

import pytest

from bugs.demo import logs
from bugs.demo.catalogue import DEMOS


def moments(log):
    stamps = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} \+0000", log.data.decode(), re.MULTILINE)
    return [datetime.fromisoformat(stamp).replace(tzinfo=UTC) for stamp in stamps]


@pytest.mark.parametrize("slug", ["off-by-one", "stubborn"])
def test_the_log_covers_the_incident(slug):
    [log] = DEMOS[slug].logs()
    times = moments(log)
    assert times == sorted(times)
    assert times[0] < DEMOS[slug].happened_at < times[-1]


def test_the_rolled_over_logs_begin_after_the_incident():
    demo = DEMOS["rolled-over"]
    assert all(demo.happened_at < moments(log)[0] for log in demo.logs())


def test_rotated_files_follow_each_other_and_the_older_ones_are_full():
    newest, older, oldest = logs.rolled_over()
    assert moments(oldest)[-1] <= moments(older)[0] <= moments(older)[-1] <= moments(newest)[0]
    assert all(logs.ROTATE_AT - 200 < len(log.data) <= logs.ROTATE_AT for log in (older, oldest))


def test_logs_are_the_same_each_time():
    assert [demo.logs() for demo in DEMOS.values()] == [demo.logs() for demo in DEMOS.values()]
