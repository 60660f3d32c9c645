"""A partner that knows nothing of Docket but its chapter in the book.

Its code for checking a signature and for asking is taken out of docs/partners/callbacks.md as it
stands there. It refuses every third message the first time, and must in the end have been told every
state of every application, in order, and be told the same when it asks.

    python tests/foreign/receiver.py target/debug/docket
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "a secret that two share"
ORDERS = [f"order-{number}" for number in range(6)]
WAY = ["INIT", "DATA_READY", "AUDIT_PENDING", "APPROVED"]
SECONDS = 60

chapter = pathlib.Path(__file__).parents[2] / "docs/partners/callbacks.md"
for snippet in re.findall(r"```python\n(.*?)```", chapter.read_text(), re.S):
    exec(snippet)

told, refused, wrong = [], set(), []
lock = threading.Lock()


class Partner(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            if not is_from_docket(SECRET.encode(), self.headers, body):
                wrong.append("a good signature is refused")
            if is_from_docket(SECRET.encode(), self.headers, body + b" "):
                wrong.append("a changed body is taken")
            if is_from_docket(b"another secret of somebody", self.headers, body):
                wrong.append("another's signature is taken")
            message = json.loads(body)
            if message["id"] != self.headers["Docket-Delivery"]:
                wrong.append("the id is not in the header")
            is_refused = message["sequence"] % 3 == 0 and message["id"] not in refused
            if is_refused:
                refused.add(message["id"])
            elif message not in told:
                told.append(message)
        self.send_response(500 if is_refused else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


def start(arguments, variables, key):
    """Starts the program and reads its address from its log."""
    process = subprocess.Popen(arguments, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("docket: "):
            raise AssertionError(line)
        address = json.loads(line)["fields"].get(key)
        if address:
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, address
    raise AssertionError("it does not listen")


def push(docket, sandbox, order, number):
    for push, route in [("base", "pushUserBaseInfo"), ("additional", "pushUserAdditionalInfo")]:
        source = f"http://{sandbox}/_sandbox/push/{push}?script=1&number={number}&order={order}"
        with urllib.request.urlopen(source) as answer:
            body = answer.read()
        request = urllib.request.Request(f"http://{docket}/partners/pushed/{route}", body,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["status"] == 1


def run(docket, sandbox):
    for number, order in enumerate(ORDERS):
        push(docket, sandbox, order, number)
    until = time.time() + SECONDS
    while sum(message["state"] == WAY[-1] for message in told) < len(ORDERS):
        assert time.time() < until and not wrong, (wrong, told)
        time.sleep(0.05)
    assert not wrong, wrong
    assert refused, "nothing was refused, so nothing was tried again"
    for order in ORDERS:
        states = [message["state"] for message in told if message["order_number"] == order]
        assert states == WAY, (order, states)
    asked, after, more = [], "", True
    while more:
        page = outcomes(f"http://{docket}", "pushed", SECRET.encode(), after)
        asked, after, more = asked + page["outcomes"], page["next"], page["more"]
    assert asked == sorted(told, key=lambda message: message["sequence"])
    try:
        outcomes(f"http://{docket}", "pushed", b"another secret of somebody")
        raise AssertionError("a stranger was told")
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
    print(f"1 passed: {len(told)} messages, {len(refused)} of them refused at first")


def main():
    binary = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        key, settings = os.path.join(folder, "audit-key.pem"), os.path.join(folder, "docket.toml")
        url = f"http://127.0.0.1:{server.server_address[1]}/docket"
        pathlib.Path(settings).write_text(
            f'[[partner]]\nname = "pushed"\nproduct = "pushed"\ncallback_url = "{url}"\n'
            f'callback_secret = "{SECRET}"\n')
        processes = []
        try:
            process, sandbox = start([binary, "sandbox", "--listen", "127.0.0.1:0", "--pace", "quick",
                                      "--public-key-file", key], {}, "address")
            processes.append(process)
            process, docket = start([binary, "serve", "--listen", "127.0.0.1:0"], {
                "DOCKET_CONFIG": settings, "DOCKET_DATA": os.path.join(folder, "data"),
                "DOCKET_PROVIDER_ADDRESS": f"http://{sandbox}", "DOCKET_PROVIDER_PUBLIC_KEY": key,
                "DOCKET_PROVIDER_USERNAME": "merchant1", "DOCKET_PROVIDER_PASSWORD": "sandbox",
                "DOCKET_PATIENCE_AUDIT_MIN": "200ms"}, "address")
            processes.append(process)
            run(docket, sandbox)
        finally:
            for process in processes:
                process.terminate()
                process.wait()


main()
