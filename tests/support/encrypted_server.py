"""A server of TLS that remembers what came through encrypted."""

import socket
import ssl
import threading

from support.certificates import Certificate


class EncryptedServer:
    """Answers each connection once, and remembers what came through encrypted."""

    def __init__(self, certificate: Certificate, greeting: bytes = b"") -> None:
        self.received: list[bytes] = []
        self._greeting = greeting
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with plain:
                self._answer(plain)

    def _answer(self, plain: socket.socket) -> None:
        if self._greeting:
            plain.sendall(self._greeting)
            return
        try:
            with self._context.wrap_socket(plain, server_side=True) as encrypted:
                self.received.append(encrypted.recv(65_536))
                encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (ssl.SSLError, OSError):
            return  # the client did not trust us
