"""Three real servers on loopback, in a directory and on ports of their own.

What tests/cluster/real_cluster.h is to the C++ tests, this is to programs that
are not ours: client libraries and Redis' own test suite.

Nodes are numbered from 1. The directory goes with the cluster unless keep() was
called: then it stays, and close() says where. One thread uses a Cluster.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
NODES = (1, 2, 3)
# A machine that compiles at the same time is slow.
PATIENCE_SECONDS = 30
PROBE_SECONDS = 0.3
# Below the ports that the kernel gives to outgoing connections: a client's must
# not take the place of a server that is down for a moment.
PORT_MIN = 12000
PORT_MAX = 32000


class ClusterError(Exception):
    """The servers are not as they must be for a test to mean anything."""


def server_program():
    """build/release's raft_server, or what TWINRAFT_SERVER names."""
    other = os.environ.get("TWINRAFT_SERVER")
    program = Path(other or TREE / "build/release/bin/raft_server")
    if not os.access(program, os.X_OK):
        raise ClusterError(f"there is no server to test: {program}")
    return program


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class FreePorts:
    """Each port once. Programs that run at the same time begin elsewhere."""

    def __init__(self):
        span = PORT_MAX - PORT_MIN
        self._next = PORT_MIN + os.getpid() * 37 % span

    def take(self):
        for _ in range(PORT_MAX - PORT_MIN):
            self._next = self._next + 1 if self._next < PORT_MAX else PORT_MIN
            if port_is_free(self._next):
                return self._next
        raise ClusterError("no free port")


def request(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def call(port, *words, timeout=PROBE_SECONDS):
    """The answer to one request, if it is one line or one text.

    Raises OSError when the server does not answer, also in time.
    """
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(request(*words))
        with connection.makefile("rb") as answer:
            line = answer.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError("closed before it answered")
            if not line.startswith(b"$"):
                return line.decode().strip()
            return answer.read(max(int(line[1:]), 0)).decode()


def info(port, *section):
    """INFO as a dictionary; empty when the server does not answer."""
    try:
        text = call(port, "INFO", *section)
    except OSError:
        return {}
    fields = (line.partition(":") for line in text.splitlines())
    return {key: value for key, colon, value in fields if colon}


class Cluster:
    """Requires: close() at the end, or use it in a `with`."""

    def __init__(self, cluster_ports=False, request_timeout="5s"):
        """Nothing runs yet. With `cluster_ports`, every node also has the port
        that answers MOVED."""
        self._program = server_program()
        self._processes = {}
        self._kept = False
        self.directory = Path(tempfile.mkdtemp(prefix="clients_test."))
        free = FreePorts()
        kinds = ["peer", "rpc", "redis"] + ["cluster"] * cluster_ports
        self._ports = {
            node: {kind: free.take() for kind in kinds} for node in NODES
        }
        for node in NODES:
            self._folder(node).mkdir()
        self._config().write_text(self._config_text(request_timeout))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.keep()
        self.close()

    def _folder(self, node):
        return self.directory / f"node-{node}"

    def _config(self):
        return self.directory / "raft.yaml"

    def _config_text(self, request_timeout):
        lines = [
            "node:",
            "  cluster: clients-test",
            "network:",
            "  listen_host: 127.0.0.1",
            "rpc:",
            f"  request_timeout: {request_timeout}",
            "discovery:",
            "  peers:",
        ]
        for node, ports in self._ports.items():
            keys = [f"id: {node}", "host: 127.0.0.1"]
            keys += [f"{kind}_port: {port}" for kind, port in ports.items()]
            lines.append("    - {" + ", ".join(keys) + "}")
        return "\n".join(lines) + "\n"

    def redis_port(self, node):
        """Where a node answers everything, by asking the leader if need be."""
        return self._ports[node]["redis"]

    def cluster_port(self, node):
        """Where a node answers MOVED when another one leads."""
        return self._ports[node]["cluster"]

    def log_text(self, node):
        return (self._folder(node) / "log").read_text(errors="replace")

    def running(self, node):
        process = self._processes.get(node)
        return process is not None and process.poll() is None

    def start(self, node):
        if self.running(node):
            raise ClusterError(f"node {node} runs already")
        with open(self._folder(node) / "log", "ab") as log:
            self._processes[node] = subprocess.Popen(
                [
                    self._program,
                    f"--node-id={node}",
                    f"--config={self._config()}",
                    f"--data-dir={self._folder(node) / 'data'}",
                    "--init-cluster",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start_all(self):
        """Starts those that are down, and returns the leader."""
        for node in NODES:
            if not self.running(node):
                self.start(node)
        return self.wait_for_leader()

    def kill(self, node):
        """kill -9."""
        process = self._processes.pop(node)
        process.kill()
        process.wait()

    def leader(self):
        """The node that leads in the newest term, None if none says so."""
        newest, leader = -1, None
        for node in NODES:
            if not self.running(node):
                continue
            facts = info(self.redis_port(node), "raft")
            term = int(facts.get("raft_current_term", -1))
            if facts.get("raft_role") == "leader" and term > newest:
                newest, leader = term, node
        return leader

    def _all_follow(self, leader):
        return all(
            info(self.redis_port(node), "raft").get("raft_leader_id")
            == str(leader)
            for node in NODES
            if self.running(node)
        )

    def wait_for_leader(self):
        """Returns it once every running node knows it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            leader = self.leader()
            if leader is not None and self._all_follow(leader):
                return leader
            for node in self._processes:
                if not self.running(node):
                    self.keep()
                    raise ClusterError(
                        f"node {node} ended by itself: {self.log_text(node)}"
                    )
            time.sleep(0.02)
        self.keep()
        raise ClusterError(
            f"no leader that all know after {PATIENCE_SECONDS} s"
        )

    def keep(self):
        """What the servers leave behind stays, for a person to look at."""
        self._kept = True

    def close(self):
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._kept:
            print(f"what the servers left behind is in {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
