"""The systems that tests/bench/compare measures: how each is started, asked who
leads, stopped, paused and driven. Standard library alone."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

MEMBERS = 3
# How long a member may take to start or to come back.
PATIENCE_S = 90


class Failed(Exception):
    """A step that did not work; the text says which and why."""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def resident_bytes(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def post(port, path):
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path),
                                     data=b"{}")
    with urllib.request.urlopen(request, timeout=2) as answer:
        return json.load(answer)


def wait_until(what, condition, patience_s=PATIENCE_S):
    """Returns how many seconds it took until `condition` returned a value."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > patience_s:
            raise Failed("%s within %d s" % (what, patience_s))
        time.sleep(0.01)
    return time.monotonic() - begin


class System:
    """Three members, which are numbered from 1 on."""

    name = ""

    def __init__(self, binaries, scratch):
        self.binaries = binaries
        self.directory = tempfile.mkdtemp(prefix=self.name + "-", dir=scratch)

    def pids(self):
        raise NotImplementedError

    def load(self, *words):
        raise NotImplementedError

    def run_load(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed("%s: %s" % (" ".join(command[:2]),
                                     done.stderr.strip().splitlines()[-1:]))
        return json.loads(done.stdout)

    def signal(self, member, number):
        os.kill(self.pids()[member], number)

    def resident(self):
        return sum(resident_bytes(pid) for pid in self.pids().values())

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Quorate(System):
    name = "quorate"

    @staticmethod
    def missing(binaries):
        for program in ("quorate", "coordd"):
            if not os.access(os.path.join(binaries, program), os.X_OK):
                return "%s has no %s: run tools/build" % (binaries, program)
        return None

    def command(self, *words):
        return [os.path.join(self.binaries, "quorate"), "--json", "--timeout",
                "60s", "--dir", os.path.join(self.directory, "c"), *words]

    def ask(self, *words):
        done = subprocess.run(self.command(*words), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed("quorate %s: %s" % (" ".join(words), done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self):
        self.ask("cluster", "up", "--members", str(MEMBERS))

    def status(self):
        return self.ask("cluster", "status")

    def pids(self):
        return {each["id"]: each["pid"] for each in self.status()
                if each["pid"]}

    def leader(self):
        for each in self.status():
            if each.get("role") == "leader":
                return each["id"]
        raise Failed("quorate has no leader")

    def load(self, *words):
        return self.run_load(self.command("bench", "--keep", *words))

    def kill(self, member):
        self.ask("cluster", "kill", str(member))

    def restart(self, member):
        """Seconds from the start of a member that was killed until it serves."""
        metrics = [each["metrics"] for each in self.status()
                   if each["id"] == member][0]
        url = metrics if metrics.startswith("http") else "http://" + metrics
        url = url.replace("/metrics", "") + "/readyz"
        begin = time.monotonic()
        self.ask("cluster", "restart", str(member))

        def serves():
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return True
            except OSError:
                return False
        wait_until("quorate: the member serves", serves)
        return time.monotonic() - begin

    def stop(self):
        subprocess.run(self.command("cluster", "down"),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Peer(System):
    """A system whose members are children of this process."""

    def __init__(self, binaries, scratch):
        super().__init__(binaries, scratch)
        self.children = {}
        self.ports = {}

    def home(self, member):
        path = os.path.join(self.directory, str(member))
        os.makedirs(path, exist_ok=True)
        return path

    def spawn(self, member):
        with open(os.path.join(self.home(member), "log"), "ab") as log:
            self.children[member] = subprocess.Popen(
                self.argv(member), stdout=log, stderr=log,
                cwd=self.home(member))

    def start(self):
        for member in range(1, MEMBERS + 1):
            self.ports[member] = free_ports(3)
        for member in self.ports:
            self.configure(member)
            self.spawn(member)
        for member in self.ports:
            wait_until("%s: member %d serves" % (self.name, member),
                       lambda m=member: self.role(m))

    def pids(self):
        return {member: child.pid for member, child in self.children.items()
                if child.poll() is None}

    def leader(self):
        for member in self.pids():
            if self.role(member) == "leader":
                return member
        raise Failed("%s has no leader" % self.name)

    def load(self, *words):
        endpoints = ",".join("127.0.0.1:%d" % ports[0]
                             for ports in self.ports.values())
        command = [os.path.join(self.binaries, "peer_load"), "run", "--json",
                   "--system", self.name, "--endpoints", endpoints,
                   "--timeout", "60s", *words]
        for member, pid in self.pids().items():
            command += ["--process", "member %d=%d" % (member, pid)]
        return self.run_load(command)

    def kill(self, member):
        child = self.children[member]
        child.kill()
        child.wait()

    def restart(self, member):
        begin = time.monotonic()
        self.spawn(member)
        wait_until("%s: member %d serves" % (self.name, member),
                   lambda: self.role(member))
        return time.monotonic() - begin

    def stop(self):
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
            child.wait()


class ZooKeeper(Peer):
    name = "zookeeper"
    JAR = "/usr/share/java/zookeeper.jar"
    LOGGER = "/usr/share/java/slf4j-simple.jar"

    @staticmethod
    def missing(binaries):
        if not os.access(os.path.join(binaries, "peer_load"), os.X_OK):
            return "%s has no peer_load: run tools/build" % binaries
        if shutil.which("java") and glob.glob(ZooKeeper.JAR):
            return None
        return "apt-get install libzookeeper-java default-jre-headless"

    def configure(self, member):
        # ZooKeeper's own defaults, and what has none.
        settings = ["tickTime=2000", "initLimit=10", "syncLimit=5",
                    "maxClientCnxns=0", "admin.enableServer=false",
                    "4lw.commands.whitelist=srvr",
                    "clientPortAddress=127.0.0.1",
                    "clientPort=%d" % self.ports[member][0],
                    "dataDir=%s/data" % self.home(member)]
        for other, ports in self.ports.items():
            settings.append("server.%d=127.0.0.1:%d:%d" % (other, ports[1],
                                                           ports[2]))
        os.makedirs(self.home(member) + "/data", exist_ok=True)
        with open(self.home(member) + "/zoo.cfg", "w") as file:
            file.write("\n".join(settings) + "\n")
        with open(self.home(member) + "/data/myid", "w") as file:
            file.write("%d\n" % member)

    def argv(self, member):
        return ["java", "-Xmx2g", "-Dzookeeper.jmx.log4j.disable=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                self.JAR + ":" + self.LOGGER,
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                self.home(member) + "/zoo.cfg"]

    def role(self, member):
        try:
            with socket.create_connection(
                    ("127.0.0.1", self.ports[member][0]), timeout=2) as link:
                link.sendall(b"srvr")
                text = b""
                while part := link.recv(4096):
                    text += part
        except OSError:
            return None
        for line in text.decode().splitlines():
            if line.startswith("Mode: "):
                return line[len("Mode: "):]
        return None


class Etcd(Peer):
    name = "etcd"

    @staticmethod
    def missing(binaries):
        if not os.access(os.path.join(binaries, "peer_load"), os.X_OK):
            return "%s has no peer_load: run tools/build" % binaries
        if shutil.which("etcd"):
            return None
        return "apt-get install etcd-server"

    def configure(self, member):
        self.home(member)

    def argv(self, member):
        clients, peers = ("http://127.0.0.1:%d" % port
                          for port in self.ports[member][:2])
        cluster = ",".join("m%d=http://127.0.0.1:%d" % (other, ports[1])
                           for other, ports in self.ports.items())
        return ["etcd", "--name", "m%d" % member, "--data-dir",
                self.home(member) + "/data", "--listen-client-urls", clients,
                "--advertise-client-urls", clients, "--listen-peer-urls",
                peers, "--initial-advertise-peer-urls", peers,
                "--initial-cluster", cluster, "--log-level", "error",
                "--quota-backend-bytes", str(8 << 30)]

    def role(self, member):
        try:
            status = post(self.ports[member][0], "/v3/maintenance/status")
        except (OSError, ValueError):
            return None
        if status.get("leader", "0") == "0":
            return None
        is_leader = status["leader"] == status["header"]["member_id"]
        return "leader" if is_leader else "follower"


SYSTEMS = (Quorate, ZooKeeper, Etcd)
