"""A board that is not there: Debian for arm64 in a folder, run under user emulation.

The processor is pinned to the Cortex-A72 of a Raspberry Pi 4. The kernel is this machine's; a user namespace lets it take
programs of arm64 for its own and enter the folder as root of that namespace, without rights on the machine. It needs
Linux 6.7 (binfmt_misc within a user namespace).
"""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from debian import Unavailable, unpack

SUITE, EMULATOR = "trixie", "qemu-user"  # Debian 13: its emulator is one file that needs no library
PROCESSOR = "cortex-a72"
PACKAGES = (
    "?essential",
    "apt",
    "ca-certificates",
    "python3-venv",
)  # a plain image, and what the README asks for
PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8", "QEMU_CPU": PROCESSOR}
CORE = """\
processor\t: {number}
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""  # as a Raspberry Pi 4 says it; libraries ask which kernels suit it
ENTER = Path(__file__).with_name("enter.sh")


@dataclass(frozen=True)
class Board:
    """A root of arm64 and what runs it.

    Attributes:
        root: Its folder.
        emulator: The emulator of user programs, one file.
    """

    root: Path
    emulator: Path

    def run(
        self, command: list[str], *, environment: dict[str, str] | None = None, user: int = 0, folder: str = "/",
        written: bool = True, seen: Path | None = None, network: bool = False, say: bool = False,
    ) -> subprocess.CompletedProcess:  # fmt: skip
        """Run a command on the board.

        Args:
            command: Its words; paths are the board's.
            environment: Beside what a shell has at least.
            user: As which user.
            folder: Where it begins.
            written: Whether it may write anywhere but into /tmp and /mnt.
            seen: A folder of this machine that it sees at /mnt.
            network: Whether it may use this machine's.
            say: Whether its output goes to the terminal rather than into the result.
        """
        values = [f"{name}={value}" for name, value in {**PLAIN, **(environment or {})}.items()]
        enter = ["/usr/sbin/chroot", str(self.root)]
        if user:  # a namespace in which there is this user alone, without any of root's capabilities
            alone = ["unshare", "--user", f"--map-user={user}", f"--map-group={user}", "--keep-caps"]
            enter = [*alone, *enter, "setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
        words = [
            "unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--ipc",
            *([] if network else ["--net"]),
            "sh", str(ENTER), str(self.root), str(self.emulator), "rw" if written else "ro", str(seen or ""),
            *values, *enter, "sh", "-c", f"cd {shlex.quote(folder)} && exec {shlex.join(command)}",
        ]  # fmt: skip
        return subprocess.run(words, text=True, capture_output=not say, stdin=subprocess.DEVNULL)

    def do(self, command: list[str], **how) -> str:
        """Run a command that must succeed; return what it printed.

        Raises:
            RuntimeError: When it does not; with the end of what it said.
        """
        done = self.run(command, **how)
        if done.returncode:
            said = f"{done.stdout or ''}{done.stderr or ''}"[-3000:]
            raise RuntimeError(f"on the board, {shlex.join(command)} ended with {done.returncode}:\n{said}")
        return done.stdout or ""


def set_up(cache: Path) -> Board:
    """Return a board with a fresh root, a copy of the one that the cache keeps.

    Raises:
        Unavailable: When this machine cannot have one.
    """
    if os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        raise Unavailable("it needs Linux on x86-64; on a board itself, run the bundle's own checks")
    if not shutil.which("unshare"):
        raise Unavailable("unshare of util-linux is not here")
    emulator = unpack(cache / "emulator", SUITE, "amd64", (EMULATOR,)) / "usr/bin/qemu-aarch64"
    plain = unpack(cache / "root", SUITE, "arm64", PACKAGES)
    root = cache / "board"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(plain, root, symlinks=True)
    _finish(root)
    board = Board(root, emulator)
    tried = board.run(["uname", "-m"])
    if tried.stdout.strip() != "aarch64":
        last = (tried.stderr.strip() or "no word").splitlines()[-1]
        raise Unavailable(f"this kernel lets no user run programs of arm64 (Linux 6.7 is needed): {last}")
    return board


def _finish(root: Path) -> None:
    """Make what the packages' own scripts would have made and a shell, Python and pip look for."""
    if not (root / "usr/bin/sh").exists():
        (root / "usr/bin/sh").symlink_to("dash")
    for name in ("passwd", "group"):
        shutil.copyfile(root / f"usr/share/base-passwd/{name}.master", root / f"etc/{name}")
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(path.read_bytes() for path in certificates))
    for folder in ("dev/shm", "proc", "tmp", "mnt"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for device in ("null", "zero", "random", "urandom"):
        (root / "dev" / device).touch()
    # As many as the emulator says: libraries crash where two places differ.
    cores = os.sysconf("SC_NPROCESSORS_ONLN")
    (root / "proc/cpuinfo").write_text("".join(CORE.format(number=number) for number in range(cores)))
    processors = root / "sys/devices/system/cpu"
    processors.mkdir(parents=True)
    for name in ("possible", "present"):
        (processors / name).write_text(f"0-{cores - 1}\n" if cores > 1 else "0\n")
