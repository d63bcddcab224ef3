"""The style of the first Digital Scrum Master: redis.asyncio, XREADGROUP COUNT 1, parse, one XACK per entry."""
import asyncio
import json
import os
import time

import redis.asyncio as redis

N = int(os.environ["N"])


async def run():
    client = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    done, started = 0, time.perf_counter()
    while done < N:
        for _, entries in await client.xreadgroup("g", "c", {"ev": ">"}, count=1, block=1000):
            for entry_id, fields in entries:
                json.loads(fields["data"])
                await client.xack("ev", "g", entry_id)
                done += 1
    print("RESULT", done, time.perf_counter() - started)


asyncio.run(run())
