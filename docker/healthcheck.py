"""Exit 0 when the service in this container answers /health and is past its start, else 1.

A service without a model is degraded, not ill: it answers, and says what it lacks. Restarting it
would change nothing, and what depends on it can show the reason. PORT is the service's own.
"""

import json
import os
import sys
import urllib.request

url = f"http://127.0.0.1:{os.environ['PORT']}/health"
try:
    # No proxy of the environment between a container and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=3) as answer:
        health = json.load(answer)
except (OSError, ValueError) as error:
    sys.exit(f"{url}: {error}")
print(json.dumps({name: health.get(name) for name in ("status", "error_reason")}))
sys.exit(health["status"] not in {"healthy", "degraded"})
