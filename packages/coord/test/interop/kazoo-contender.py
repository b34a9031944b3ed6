"""A kazoo client that takes a lock so many times, and adds one to a plain node while it holds it."""
import sys

from kazoo.client import KazooClient

hosts, path, counter, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client = KazooClient(hosts=hosts, timeout=5.0)
client.start()
lock = client.Lock(path, "kazoo", extra_lock_patterns=["-lock-"])
for _ in range(rounds):
    with lock:
        data, _stat = client.get(counter)
        client.set(counter, str(int(data) + 1).encode())
client.stop()
client.close()
