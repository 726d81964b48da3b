"""Sends bursts of prepared statements, each with a Sync of its own, as the service does on connections that are shared, from more
clients than PgBouncer has connections; and holds every answer against its question. Argument: PgBouncer's socket."""

import socket
import struct
import sys
import threading

CLIENTS, BURSTS, STATEMENTS = 24, 40, 40
DOUBLE, SAME = b"double", b"same"


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


SYNC = message(b"S")


def prepare(name, sql):
    return message(b"P", name + b"\0" + sql + b"\0" + struct.pack("!h", 0)) + SYNC


def ask(name, number):
    text = str(number).encode()
    bind = b"\0" + name + b"\0" + struct.pack("!hhi", 0, 1, len(text)) + text + struct.pack("!h", 0)
    return message(b"B", bind) + message(b"E", b"\0" + struct.pack("!i", 0)) + SYNC


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        hello = struct.pack("!i", 196608) + b"user\0forum\0database\0forum\0\0"
        self.send(struct.pack("!i", len(hello) + 4) + hello, 1)

    def send(self, messages, syncs):
        """The numbers that come back until so many Syncs are answered."""
        self.socket.sendall(messages)
        numbers = []
        while syncs:
            kind, length = struct.unpack("!ci", self.stream.read(5))
            body = self.stream.read(length - 4)
            if kind == b"E":
                raise RuntimeError(body)
            if kind == b"D":
                numbers.append(int(body[6:]))
            syncs -= kind == b"Z"
        return numbers


def talk(path, client, right):
    connection = Client(path)
    connection.send(prepare(DOUBLE, b"SELECT $1::int * 2") + prepare(SAME, b"SELECT $1::int + 0"), 2)
    for burst in range(BURSTS):
        numbers = [(client * BURSTS + burst) * STATEMENTS + n for n in range(STATEMENTS)]
        asked = b"".join(ask(SAME if n % 2 else DOUBLE, n) for n in numbers)
        if connection.send(asked, STATEMENTS) == [n if n % 2 else 2 * n for n in numbers]:
            right.append(burst)


right = []
threads = [threading.Thread(target=talk, args=(sys.argv[1], client, right)) for client in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{len(right)} of {CLIENTS * BURSTS} bursts of {STATEMENTS} statements were answered right.")
sys.exit(len(right) != CLIENTS * BURSTS)
