"""arq, 50 jobs at once, polled every 10 ms instead of the default 500 ms, results not kept."""
import asyncio
import os
import sys
import time

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func
from event import event

N, SETTINGS = int(os.environ["N"]), RedisSettings.from_dsn(os.environ["REDIS_URL"])
done, started = 0, 0.0


async def handle(context, event):
    global done, started
    started = started or time.perf_counter()
    done += 1
    if done == N:
        print("RESULT", done, time.perf_counter() - started, flush=True)


async def main():
    pool = await create_pool(SETTINGS)
    if sys.argv[1] == "fill":
        for first in range(0, N, 100):
            await asyncio.gather(*(pool.enqueue_job("handle", event(n)) for n in range(first, first + 100)))
    else:
        worker = Worker([func(handle, name="handle", keep_result=0)], redis_pool=pool, burst=True, max_jobs=50,
                        poll_delay=0.01, handle_signals=False)
        await worker.async_run()


asyncio.run(main())
