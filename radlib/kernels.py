"""A fresh Jupyter kernel of the running interpreter, for executing one notebook.

Three things that the usual way leaves to chance: the kernel is this Python and not whichever kernel happens
to be registered as `python3`; it talks over files that only this user can open instead of unencrypted local
TCP; and what native libraries print goes to a log file instead of the terminal.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

# The path of a Unix socket holds 107 bytes; jupyter appends about 20 to the folder's.
LONGEST_FOLDER = 80


@contextlib.contextmanager
def fresh_kernel(log: Path, **environment: str) -> Iterator[AsyncKernelManager]:
    """Yield the manager of a started kernel; the kernel is ended when the block ends, however it ends.

    Args:
        log: File to which the kernel's own standard output and error are appended.
        **environment: Variables for the kernel on top of this process's.
    """
    folder = Path(tempfile.mkdtemp(prefix="radlib-"))
    sockets = os.name == "posix" and len(str(folder)) < LONGEST_FOLDER
    manager = AsyncKernelManager(
        kernel_name="python3",
        # no folders: what remains is the native kernel, which is the running interpreter
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True),
        transport="ipc" if sockets else "tcp",
        connection_file=str(folder / "kernel.json"),
    )
    clients = _remembered_clients(manager)
    variables = {
        **os.environ,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger prints advice at every start
        "TQDM_DISABLE": "1",  # a bar drawn for eyes that are not there is noise in the report
        "RADLIB_LOG": str(log.resolve()),
        **environment,
    }
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # doubles every start
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as sink:
            run_sync(manager.start_kernel)(
                extra_arguments=["--IPKernelApp.log_level=40"], stdout=sink, stderr=sink, env=variables
            )
        yield manager
    finally:
        for client in clients:
            client.stop_channels()
        with contextlib.suppress(RuntimeError):  # no kernel is running
            run_sync(manager.shutdown_kernel)(now=True)
        shutil.rmtree(folder, ignore_errors=True)


def _remembered_clients(manager: AsyncKernelManager) -> list[AsyncKernelClient]:
    """Return a list that fills with every client made of a manager: who is lent a kernel leaves its sockets open."""
    clients: list[AsyncKernelClient] = []
    make = manager.client

    def client(**options: object) -> AsyncKernelClient:
        clients.append(make(**options))
        return clients[-1]

    manager.client = client
    return clients


def peak_memory_bytes(manager: AsyncKernelManager) -> int | None:
    """Return the largest resident memory of a running kernel so far; None where the system does not say."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        status = Path(f"/proc/{manager.provisioner.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return None
