import json
import ssl
import sys
import time
import urllib.parse
import urllib.request
import uuid

import jwt

url, key, authority = sys.argv[1:]
now = int(time.time())
claims = {"iss": "app", "sub": "ann", "aud": url, "jti": uuid.uuid4().hex, "iat": now, "exp": now + 45}
assertion = jwt.encode(claims, open(key).read(), "RS256")
form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
context = ssl.create_default_context(cafile=authority)
reply = urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=context)
print(json.load(reply)["access_token"])
