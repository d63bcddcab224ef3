"""taskiq-redis' stream broker, one worker in this process with its CLI's defaults: 100 at once, acknowledged when saved."""
import asyncio
import os
import sys
import time

from event import event
from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

N = int(os.environ["N"])
broker = RedisStreamBroker(os.environ["REDIS_URL"], queue_name="tq", consumer_id="0")
done, started, finished = 0, 0.0, asyncio.Event()


@broker.task(task_name="handle")
async def handle(event: dict) -> None:
    global done, started
    started = started or time.perf_counter()
    done += 1
    if done == N:
        finished.set()


async def main():
    if sys.argv[1] == "fill":
        await broker.startup()
        for first in range(0, N, 500):
            await asyncio.gather(*(handle.kiq(event(n)) for n in range(first, first + 500)))
        await broker.shutdown()
    else:
        # the name keeps the task from being collected
        worker = asyncio.create_task(run_receiver_task(broker, run_startup=True, max_async_tasks=100, max_prefetch=0))
        await finished.wait()
        print("RESULT", done, time.perf_counter() - started, flush=True)
        os._exit(0)  # the worker has no other end


asyncio.run(main())
