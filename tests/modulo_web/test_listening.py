"""The socket pages are served on."""

import pytest

from modulo_web import listening


def test_without_a_port_the_next_free_one_is_taken():
    with listening.listen("127.0.0.1", 0) as first, listening.listen("127.0.0.1", 0) as second:
        assert first.getsockname()[1] != second.getsockname()[1]
        assert listening.FIRST_PORT <= second.getsockname()[1] <= listening.LAST_PORT


def test_a_port_that_is_taken_is_refused_with_what_to_do():
    with listening.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"Port {port} is taken.*MODULO_PORT"):
            listening.listen("127.0.0.1", port)


def test_a_browser_here_finds_a_socket_that_listens_everywhere():
    with listening.listen(listening.ANY, 0) as everywhere:
        assert listening.address(everywhere).startswith("http://127.0.0.1:")
