"""A client that knows nothing of Docket but its address.

It learns the contract by reflection, creates an application, answers what it is asked as the watch
stream tells it, disconnects in the middle, resumes with the token, and follows the application to
its end. Every version must be told once and in order.

    python tests/foreign/client.py target/debug/docket
"""

import json
import re
import subprocess
import sys
import tempfile
import urllib.request

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

ENDED = {"STATE_APPROVED", "STATE_REJECTED", "STATE_CANCELLED", "STATE_EXPIRED"}
MOBILE = "19904654321"  # the script with a query password
SECONDS = 60


class Service:
    """A service as reflection describes it."""

    def __init__(self, channel, pool, name):
        self.channel, self.pool, self.name = channel, pool, name
        self.descriptor = pool.FindServiceByName(name)

    def call(self, method, **fields):
        described = self.descriptor.methods_by_name[method]
        request = message_factory.GetMessageClass(described.input_type)(**fields)
        answer = message_factory.GetMessageClass(described.output_type)
        kind = self.channel.unary_stream if described.server_streaming else self.channel.unary_unary
        path = f"/{self.name}/{method}"
        made = kind(path, request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=answer.FromString)
        return made(request, timeout=SECONDS)


def evidence():
    photo = "https://img.example.com/"
    contacts = [{"name": "张一", "phone": "18221501320", "relation": 2},
                {"name": "李二", "phone": "13671618954", "relation": 7}]
    return {
        "identity": {"name": "测试", "phone": MOBILE, "id_card": "513301199001010001"},
        "loan": {"amount_fen": 150000},
        "identity_card": {"face_url": photo + "a.jpg", "front_url": photo + "b.jpg", "back_url": photo + "c.jpg"},
        "contacts": {"contacts": contacts},
        "work": {"company": "测试公司", "address": "政学路1号", "phone": "021-12345678"},
        "device": {"device_id": "7d50dcb97e654de6"},
        "address_book": {"entries": [{"name": "中国移动", "phone": "10086"}]},
    }


def name_of(message, field):
    """The name of an enum's value."""
    descriptor = message.DESCRIPTOR.fields_by_name[field].enum_type
    return descriptor.values_by_number[getattr(message, field)].name


def typed(sandbox):
    """What the applicant should type, as the sandbox tells."""
    with urllib.request.urlopen(f"http://{sandbox}/_sandbox/answer?mobile={MOBILE}") as answer:
        return json.load(answer)["answer"]


def follow(applications, sandbox, name, token, seen, stop_after=None):
    """Follows the stream and answers; gives the last token and the last state."""
    state = None
    stream = applications.call("WatchChanges", filter=f"name = {name}", resume_token=token)
    for line in stream:
        token = line.resume_token or token
        kind = name_of(line, "kind")
        if kind not in ("KIND_PRESENT", "KIND_ENTERED", "KIND_CHANGED"):
            continue
        application = line.application
        if kind == "KIND_PRESENT":
            seen.append(application.version)
        else:
            assert not seen or application.version == seen[-1] + 1, (seen, application.version)
            seen.append(application.version)
        state = name_of(application, "state")
        print(f"{application.version:>3} {state}")
        for challenge in application.challenges:
            wanted = name_of(challenge, "kind").removeprefix("KIND_").lower()
            try:
                applications.call("AnswerChallenge", name=challenge.name, **{wanted: typed(sandbox)})
            except grpc.RpcError as error:
                # Seen before and answered: it is closed by now.
                assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
        if state in ENDED or (stop_after and len(seen) >= stop_after):
            stream.cancel()
            return token, state
    raise AssertionError("the stream ended by itself")


def run(docket, sandbox):
    channel = grpc.insecure_channel(docket)
    database = ProtoReflectionDescriptorDatabase(channel)
    services = database.get_services()
    assert "docket.v1.ApplicationService" in services and "docket.v1.MachineService" in services, services
    pool = descriptor_pool.DescriptorPool(database)
    applications = Service(channel, pool, "docket.v1.ApplicationService")
    machines = Service(channel, pool, "docket.v1.MachineService").call("ListMachines")
    assert len(machines.machines) >= 2, machines

    order = {"partner": "foreign", "order_number": "1", "product": "collected"}
    created = applications.call("CreateApplication", evidence=evidence(), **order)
    again = applications.call("CreateApplication", evidence=evidence(), **order)
    assert created.name == again.name, "the same order is the same application"

    seen = []
    token, _ = follow(applications, sandbox, created.name, "", seen, stop_after=6)
    print("disconnected, and resumes")
    _, state = follow(applications, sandbox, created.name, token, seen)
    assert state == "STATE_APPROVED", state
    assert seen == list(range(seen[0], seen[-1] + 1)), seen
    journal = applications.call("ListTransitions", parent=created.name, page_size=1000).transitions
    assert [entry.version for entry in journal] == list(range(1, seen[-1] + 1)), "the journal has a gap"
    try:
        applications.call("GetApplication", name="applications/nobody")
        raise AssertionError("a bad name was taken")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    print(f"1 passed: {seen[-1]} moves seen in order, across a disconnect")


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as data:
        arguments = [binary, "dev", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--data", data]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        try:
            addresses = [re.search(r"http://(\S+)", process.stdout.readline()).group(1) for _ in range(2)]
            run(*addresses)
        finally:
            process.terminate()
            process.wait()


main()
