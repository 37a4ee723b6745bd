// url, key; the authority comes by NODE_EXTRA_CA_CERTS
import { randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const [url, key] = process.argv.slice(2);
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const jti = randomBytes(16).toString("hex");
const claims = { iss: "app", sub: "ann", aud: url, jti, iat: now, exp: now + 45 };
const input = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
const signature = sign("sha256", Buffer.from(input), readFileSync(key)).toString("base64url");
const body = new URLSearchParams({
  grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
  assertion: `${input}.${signature}`,
});
const reply = await fetch(url, { method: "POST", body });
console.log((await reply.json()).access_token);
