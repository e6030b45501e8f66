"""A Debian to install into and throw away: an overlay over another root, in a mount namespace that ends with the test. What
is written lands in a tmpfs, and can be listed."""
import os
import shutil
import tempfile

from harness import Fail, expect, folder, path, run, start, wait_until

# Over the lower root: the namespace of its own keeps all of it away from this machine.
MAKE = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
for folder in proc sys dev; do mkdir -p "$1/root/$folder" && mount --rbind "/$folder" "$1/root/$folder"; done
mount -t tmpfs tmpfs "$1/root/tmp"
echo ready
exec sleep infinity
"""
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
# Not the package's: books that dpkg and others keep.
BOOKS = ("var/lib/dpkg", "var/log", "var/cache", "var/lib/apt", "etc/.pwd.lock", "etc/ld.so.cache", "etc/resolv.conf", "run/adduser")
USERS = ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")


class Chroot:
    def __init__(self, lower):
        """lower: the root over which it stands, which stays as it is."""
        self.lower = os.path.abspath(lower)
        self.folder = tempfile.mkdtemp(prefix="chroot", dir=folder())
        self.process = start(["unshare", "--mount", "sh", "-c", MAKE, "sh", self.folder, self.lower], "chroot.log")
        wait_until(lambda: self._log() == "ready\n" or self.process.poll() is not None, "the overlay", 20)
        expect(self.process.poll() is None, f"the overlay: {self._log()}")
        self.inside = f"/proc/{self.process.pid}/root{self.folder}"
        self.root = f"{self.inside}/root"

    @staticmethod
    def _log():
        with open(path("chroot.log"), encoding="utf-8") as file:
            return file.read()

    def run(self, *command, seconds=120, environment=None):
        """A command in there; returns its CompletedProcess."""
        return run(["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", f"--root={self.root}", "--wdns=/", *command],
                   seconds, env={**ENVIRONMENT, **(environment or {})})

    def must(self, *command, **options):
        done = self.run(*command, **options)
        if done.returncode:
            raise Fail(f"{' '.join(command)}: status {done.returncode}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def stat(self, name):
        """MODE OWNER:GROUP, by the names that are known in there."""
        return self.must("stat", "-c", "%a %U:%G", name).strip()

    def put(self, file):
        """Copies a file of this machine into its /tmp; returns its name there."""
        place = f"/tmp/{os.path.basename(file)}"
        shutil.copy(file, self.root + place)
        return place

    def read(self, name):
        with open(self.root + name, encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.root + name, "w", encoding="utf-8") as file:
            file.write(text)

    def users(self):
        return {name: self.read(f"/etc/{name}") for name in USERS if os.path.exists(f"{self.root}/etc/{name}")}

    def written(self):
        """Files and folders that are there and are not in the lower root, or were taken away from it, without books."""
        upper, found = f"{self.inside}/upper", set()
        for within, folders, files in os.walk(upper):
            for name in folders + files:
                place = os.path.relpath(os.path.join(within, name), upper)
                gone = os.lstat(os.path.join(within, name))
                there = os.path.lexists(os.path.join(self.lower, place))
                whiteout = gone.st_rdev == 0 and (gone.st_mode & 0o170000) == 0o020000
                if there == whiteout and not place.startswith(BOOKS + tuple(f"etc/{name}" for name in USERS)):
                    found.add(place)
        return found - {"proc", "sys", "dev", "tmp"}
