"""Celery over Redis, prefork 2, acks_late (at least once), no results; timed from outside by the length of its queue."""
import os
import subprocess
import sys
import time

from celery import Celery
from event import event

N = int(os.environ["N"])
app = Celery("celery_peer", broker=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=10)


@app.task(name="handle")
def handle(event):
    return None


def fill():
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(N):
            handle.apply_async((event(number),), producer=producer)


def run():
    import redis

    client, here = redis.from_url(os.environ["REDIS_URL"]), os.path.dirname(os.path.abspath(__file__))
    command = [sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "-c", "2", "-l", "ERROR", "-P", "prefork",
               "--without-gossip", "--without-mingle", "--without-heartbeat"]
    worker = subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL, env=os.environ | {"C_FORCE_ROOT": "1"})
    started, first = 0.0, 0
    while True:
        left = client.llen("celery") + client.hlen("unacked")
        if left < N and not started:
            started, first = time.perf_counter(), left
        if left == 0:
            break
        time.sleep(0.01)
    print("RESULT", first, time.perf_counter() - started, flush=True)
    worker.terminate()
    worker.wait()


if __name__ == "__main__":
    fill() if sys.argv[1] == "fill" else run()
