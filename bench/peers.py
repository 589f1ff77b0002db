"""`chatroom` against MQTT.js as clients of one `chatroom serve`, in turn, in one run; prints medians and ratios.

Usage: python3 bench/peers.py CHATROOM FOLDER_OF_BENCH_MJS [MESSAGES] [ROUNDS]; `cargo xtask bench` runs it.
"""

import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

CHATROOM, INTEROP = sys.argv[1], sys.argv[2]
MESSAGES = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 5
PREFIX = "/bv/chatroom/v1"


def config(ready, token):
    request = urllib.request.Request(ready["tls_api"] + PREFIX + "/chatrooms/config")
    request.add_header("authorization", "Bearer " + token)
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return json.load(answer)


def measured(process, begun):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{process.args} ended with {process.returncode}"
    return {
        "wall s": time.monotonic() - begun,
        "cpu us/message": (usage.ru_utime + usage.ru_stime) * 1e6 / MESSAGES,
        "peak MB": usage.ru_maxrss / 1024,
    }


class Bed:
    def __init__(self, folder):
        self.folder = folder
        settings = ["rate.admin=1000000", "rate.viewer=1000000", "connections.per_user=100", "queue.packets=65536"]
        args = [CHATROOM, "serve", "--ephemeral", "--ready", "json", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]
        for setting in settings:
            args += ["--set", setting]
        self.server = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ready = json.loads(self.server.stdout.readline())
        self.access = ["--api", self.ready["tls_api"], "--ca-file", self.ready["ca_file"]]
        self.access += ["--token-file", self.ready["admin_token_file"]]
        self.environment = dict(os.environ, NODE_EXTRA_CA_CERTS=self.ready["ca_file"], HOME=folder)
        self.environment.pop("RUST_LOG", None)

    def start(self, peer, role):
        if peer == "chatroom":
            does = ["tail", "--count", str(MESSAGES)] if role == "receive" else [
                "send", "--count", str(MESSAGES), "a line as people write it in a chat, {n}"]
            args = [CHATROOM, *does, *self.access]
        else:
            with open(self.ready["admin_token_file"]) as file:
                details = config(self.ready, file.read().strip())
            path = os.path.join(self.folder, "config.json")
            with open(path, "w") as file:
                json.dump(details, file)
            args = ["node", os.path.join(INTEROP, "bench.mjs"), role, path, str(MESSAGES)]
        return subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment, text=True)

    def receive(self, peer):
        reader = self.start(peer, "receive")
        for line in reader.stderr:
            if "joined" in line or "ready" in line:
                break
        sender = self.start("chatroom", "send")
        figures = measured(reader, time.monotonic())
        assert sender.wait() == 0
        return figures

    def send(self, peer):
        begun = time.monotonic()
        return measured(self.start(peer, "send"), begun)


def main():
    with tempfile.TemporaryDirectory() as folder:
        bed = Bed(folder)
        try:
            for name, run in [("receive and print", bed.receive), ("send, until every echo is back", bed.send)]:
                figures = {"chatroom": [], "MQTT.js": []}
                for number in range(ROUNDS + 1):
                    for peer, rows in figures.items():
                        print(f"{name}: {peer}, round {number} of {ROUNDS}", file=sys.stderr)
                        row = run(peer)
                        if number > 0:
                            rows.append(row)
                print(f"\n{name}: {MESSAGES} messages, median of {ROUNDS} rounds after one to warm up")
                for key in figures["chatroom"][0]:
                    ours, theirs = ([row[key] for row in figures[peer]] for peer in figures)
                    ratio = statistics.median(b / a for a, b in zip(ours, theirs))
                    a, b = statistics.median(ours), statistics.median(theirs)
                    print(f"  {key:15} chatroom {a:9.2f}   MQTT.js {b:9.2f}   MQTT.js/chatroom {ratio:6.2f}")
        finally:
            bed.server.terminate()
            bed.server.wait(timeout=20)


main()
