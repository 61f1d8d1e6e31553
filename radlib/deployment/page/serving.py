"""A page shown on this machine alone: a server of static files on loopback, with the page's own content policy.

Whoever puts a page on a server of their own needs nothing of this; the headers are those of `HEADERS`.
"""

import contextlib
import functools
import gzip
import http.server
import mimetypes
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.deployment.page.writing import write_page
from radlib.foundation.errors import SetupError, UsageError

LOOPBACK = "127.0.0.1"
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TYPES = {".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".js": "text/javascript"}
SHRUNK_FROM = 1000  # bytes; what is smaller travels as it is
BUNDLE = "variant.json"  # which folder is one that radlib export wrote


def shown_page(places: Sequence[Path], *, serve: bool, port: int = 0) -> Iterator[str]:
    """Write a page and, if wanted, show it until somebody stops it: what `radlib page` does.

    Args:
        places: Bundles, and last the folder to write to; when the page is shown it may be left out.
        serve: Whether to show it.
        port: Where; 0 takes any that is free.

    Yields:
        A line for the user: the folder, and the address when the page is there.

    Raises:
        UsageError: When no folder is named, or no bundle.
        SetupError: See `write_page` and `page_server`.
    """
    temporary = serve and (places[-1] / BUNDLE).is_file()
    bundles = places if temporary else places[:-1]
    if not bundles:
        raise UsageError(
            "Name a bundle that radlib export wrote and the folder for the page, or a bundle with --serve."
        )
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_page(bundles, Path(scratch) / "page" if temporary else places[-1])
        if not temporary:
            yield str(folder)
        if serve:
            with page_server(folder, port) as server:
                yield f"{address(server)}  (Ctrl-C ends it)"
                with contextlib.suppress(KeyboardInterrupt):
                    server.serve_forever()


def page_server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of a page on loopback; `serve_forever` starts it.

    Args:
        folder: A page that `write_page` wrote.
        port: Where to listen; 0 takes any that is free.

    Raises:
        SetupError: When the port is in use.
    """
    handler = functools.partial(_Handler, directory=str(folder.resolve()))
    try:
        return http.server.ThreadingHTTPServer((LOOPBACK, port), handler)
    except OSError:
        raise SetupError(f"Port {port} of this machine is in use; choose another with --port.") from None


def address(server: http.server.ThreadingHTTPServer) -> str:
    """Return where a browser finds a server."""
    return f"http://{LOOPBACK}:{server.server_address[1]}/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files below the folder and nothing else; no lists of folders, no log: names of pages are nobody's business."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "radlib", ""

    def do_GET(self) -> None:
        """Answer with a file."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """Answer with what is known of a file."""
        self._answer(with_content=False)

    def _answer(self, *, with_content: bool) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file() or not path.resolve().is_relative_to(Path(self.directory)):
            self.send_error(404)
            return
        content, tag = _content(
            path, path.stat().st_mtime_ns, "gzip" in self.headers.get("Accept-Encoding", "")
        )
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self._finish(tag, 0)
            return
        self.send_response(200)
        self.send_header("Content-Type", _type(path))
        if content.startswith(b"\x1f\x8b"):
            self.send_header("Content-Encoding", "gzip")
        self._finish(tag, len(content))
        if with_content:
            self.wfile.write(content)

    def _finish(self, tag: str, length: int) -> None:
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@functools.lru_cache(maxsize=256)
def _content(path: Path, changed: int, shrunk: bool) -> tuple[bytes, str]:
    """Return a file's bytes, smaller where the browser takes that, and a tag of this very state of it."""
    content = path.read_bytes()
    smaller = gzip.compress(content, 6, mtime=0) if shrunk and len(content) >= SHRUNK_FROM else content
    return (smaller if len(smaller) < len(content) else content), f'"{changed:x}-{len(content):x}-{shrunk:d}"'


def _type(path: Path) -> str:
    return TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
