"""A server of the dialect mirror, independent of callx.

From every text message it reads call_id, tag and type. The first opens
<tag>.pcm, each binary message is appended, type "end" closes the file. What the
dialect forbids kills the process. It prints its port, then a JSON line per
connection; it ends when its standard input does.

Usage: mirror_server.py DIR
"""

import asyncio
import json
import os
import sys

import websockets


def violation(what):
    print(json.dumps({"violation": what}), flush=True)
    os._exit(1)


async def store(ws, path=None):
    file, tag, ended, messages = None, None, False, 0
    async for message in ws:
        if ended:
            violation("a message after the end")
        if isinstance(message, bytes):
            if file is None:
                violation("audio before the first text message")
            file.write(message)
            messages += 1
            continue
        control = json.loads(message)
        kind, tag = control["type"], control["tag"]
        control["call_id"]
        if file is None:
            file = open(os.path.join(sys.argv[1], tag + ".pcm"), "xb")
        if kind == "end":
            file.close()
            ended = True
    print(json.dumps({"tag": tag, "ended": ended, "close": ws.close_code, "messages": messages}), flush=True)


async def main():
    # Pings that come often, so that a client that answers none is dropped.
    async with websockets.serve(store, "127.0.0.1", 0, ping_interval=0.2, ping_timeout=2) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
