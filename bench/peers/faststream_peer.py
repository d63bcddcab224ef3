"""FastStream, a stream subscriber in a group: STYLE=single acknowledges each entry, STYLE=batch a hundred at once."""
import asyncio
import os
import sys
import time

import redis.asyncio as redis
from event import event
from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub

N, BATCH, STREAM = int(os.environ["N"]), os.environ["STYLE"] == "batch", "fs:ev"
broker = RedisBroker(os.environ["REDIS_URL"], logger=None)
done, started, finished = 0, 0.0, asyncio.Event()


def count(more):
    global done, started
    started = started or time.perf_counter()
    done += more
    if done == N:
        finished.set()


subscription = StreamSub(STREAM, group="g", consumer="c", batch=BATCH, max_records=100, last_id=">")
if BATCH:
    @broker.subscriber(stream=subscription, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def handle(bodies: list[dict]):
        count(len(bodies))
else:
    @broker.subscriber(stream=subscription, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def handle(body: dict):
        count(1)


async def main():
    if sys.argv[1] == "fill":
        await broker.connect()
        for first in range(0, N, 50):
            await asyncio.gather(*(broker.publish(event(n), stream=STREAM) for n in range(first, first + 50)))
        await redis.from_url(os.environ["REDIS_URL"]).xgroup_create(STREAM, "g", "0")
    else:
        await broker.start()
        await finished.wait()
        print("RESULT", done, time.perf_counter() - started, flush=True)
        await broker.stop()


asyncio.run(main())
