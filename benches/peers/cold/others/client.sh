#!/bin/sh
# url, key, authority
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
claims=$(printf '{"iss":"app","sub":"ann","aud":"%s","jti":"%s","iat":%s,"exp":%s}' \
  "$1" "$(openssl rand -hex 16)" "$now" "$((now + 45))" | b64)
input=$(printf '{"alg":"RS256","typ":"JWT"}' | b64).$claims
signature=$(printf %s "$input" | openssl dgst -sha256 -sign "$2" | b64)
curl -sS --cacert "$3" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
  -d "assertion=$input.$signature" "$1" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
