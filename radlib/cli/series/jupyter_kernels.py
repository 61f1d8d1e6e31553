"""A fresh Jupyter kernel of the running interpreter, for executing one notebook.

Four things that the usual way leaves to chance: the kernel is this Python and not whichever kernel happens
to be registered as `python3`; it talks over files that only this user can open instead of unencrypted local
TCP; what native libraries print goes to a log file instead of the terminal; and nothing of the user's own
sessions has a say in it, no start-up file, no backend of figures, no number of threads.
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

from radlib.foundation.processors import peak_memory_bytes, thread_settings
from radlib.foundation.storage import disk_errors

# The path of a Unix socket holds 107 bytes; jupyter appends about 20 to the folder's.
LONGEST_FOLDER = 80
ARGUMENTS = ["--IPKernelApp.log_level=40", "--InteractiveShellApp.exec_PYTHONSTARTUP=False"]
# What a user's own sessions set and a notebook must not depend on; the first doubles every start.
FOREIGN = (
    "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "MPLBACKEND",
)  # fmt: skip


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
        **{name: value for name, value in os.environ.items() if name not in FOREIGN},
        **thread_settings(),
        "TMPDIR": str(folder / "tmp"),  # goes with the folder, also when the kernel is killed
        "IPYTHONDIR": str(folder / "ipython"),  # no start-up files and settings of the user's own sessions
        "MATPLOTLIBRC": str(folder / "matplotlibrc"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger prints advice at every start
        "TQDM_DISABLE": "1",  # a bar drawn for eyes that are not there is noise in the report
        "RADLIB_LOG": str(log.resolve()),
        **environment,
    }
    try:
        with disk_errors(log):
            for name in ("tmp", "ipython"):
                (folder / name).mkdir()
            (folder / "matplotlibrc").touch()
            log.parent.mkdir(parents=True, exist_ok=True)
            sink = log.open("ab")
        with sink:
            run_sync(manager.start_kernel)(extra_arguments=ARGUMENTS, stdout=sink, stderr=sink, env=variables)
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

    manager.client = client  # type: ignore[method-assign]  # to see what others make of it
    return clients


def peak_memory_of(manager: AsyncKernelManager) -> int | None:
    """Return the largest resident memory of a running kernel so far, bytes; None where the system does not say."""
    return peak_memory_bytes(getattr(manager.provisioner, "pid", "gone"))
