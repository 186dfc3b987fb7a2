"""Claims one device after the other, each over a connection of its own, as a script with `requests.post` does.

Usage: claims_sequential.py <base URL> <file with a token per line> <how many>; prints the seconds that it took.
"""

import json
import sys
import time
import urllib.request

url, tokens, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

with open(tokens, encoding="ascii") as file:
    waiting = [file.readline().strip() for _ in range(count)]

begun = time.perf_counter()
for token in waiting:
    body = json.dumps({"claimToken": token}).encode()
    request = urllib.request.Request(f"{url}/identities/claimed-devices", data=body, headers=headers)
    with opener.open(request) as response:
        json.load(response)
print(time.perf_counter() - begun)
