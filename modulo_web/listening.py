"""The socket pages are served on: opened by the supervisor, so that it outlives a web process that is started again."""

import ipaddress
import socket

FIRST_PORT, LAST_PORT = 8000, 8099
ANY = str(ipaddress.IPv4Address(0))


def listen(host: str, port: int) -> socket.socket:
    """An open listening socket: on `port`, or for 0 on 8000 or the next port that is free."""
    for candidate in [port] if port else range(FIRST_PORT, LAST_PORT + 1):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
            listening.listen(512)
        except OSError:
            listening.close()
        else:
            return listening
    wanted = f"Port {port} is" if port else f"All ports from {FIRST_PORT} to {LAST_PORT} are"
    raise OSError(f"{wanted} taken or not allowed on {host}; set MODULO_PORT to one that is free.")


def address(listening: socket.socket) -> str:
    """Where a browser on this machine finds the pages."""
    host, port = listening.getsockname()[:2]
    return f"http://{host if host != ANY else '127.0.0.1'}:{port}"
