// npm's oidc-provider, unchanged, over TLS on loopback, with a second loopback port that turns its
// keys and its certificate. Prints one line of JSON when it listens:
// {"url": "https://localhost:PORT", "control": "http://127.0.0.1:PORT"}.
//
//   node server.mjs CHAIN.pem KEY.pem
//
// Like most servers it reads its keys when it starts, so a turn of keys is a new `Provider` over the
// same port. It has two issuers: `URL`, and `URL/tenant/` with a slash at the end as some vendors
// write theirs.
//
//   POST /keys {"keys": ["2026-a", "2026-b"], "sign": "2026-b"}    what is published, what signs
//   POST /chain {"chain": "FILE", "key": "FILE"}                   another certificate

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { errors, Provider } from 'oidc-provider';

const AUDIENCE = 'sts.acme.example';
const [, , chainFile, keyFile] = process.argv;

/** Made once for each name, so that a name always means the same key. */
const made = new Map();
function key(kid) {
  if (!made.has(kid)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    made.set(kid, { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' });
  }
  return made.get(kid);
}

// Beside the key for tokens of these tests, one that most providers publish too.
const elliptic = {
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid: 'elliptic',
  use: 'sig',
  alg: 'ES256',
};

function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys: [...keys, elliptic] },
    cookies: { keys: ['loopback only'] },
    clients: [
      {
        client_id: 'pipeline',
        client_secret: 'pipeline-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'staff-portal',
        client_secret: 'staff-secret',
        grant_types: ['authorization_code'],
        redirect_uris: ['https://portal.acme.example/callback'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups', 'deploy'],
    // The clouds look at the ID token and at nothing else.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@acme.example`, groups: ['readers'] }),
    }),
    ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_, resource) {
          if (resource !== `https://${AUDIENCE}/`) throw new errors.InvalidTarget();
          return { scope: 'deploy', audience: AUDIENCE, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
    },
  }).callback();
}

let handlers;
function publish(kids, signing) {
  // The first key that fits signs.
  const order = [signing, ...kids.filter((kid) => kid !== signing)];
  const keys = order.map(key);
  handlers = { '': provider(url, keys), '/tenant': provider(`${url}/tenant/`, keys) };
}

const tls = (chain, secret) => ({ cert: readFileSync(chain), key: readFileSync(secret) });
const server = https.createServer(tls(chainFile, keyFile), (request, response) => {
  const mount = request.url.startsWith('/tenant/') ? '/tenant' : '';
  // As Express mounts an application.
  request.originalUrl = request.url;
  request.baseUrl = mount;
  request.url = request.url.slice(mount.length);
  handlers[mount](request, response);
});

const turns = {
  '/keys': ({ keys, sign }) => publish(keys, sign),
  '/chain': ({ chain, key: secret }) => server.setSecureContext(tls(chain, secret)),
};
const control = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const turn = turns[request.url];
  try {
    if (request.method !== 'POST' || !turn) throw new Error(`${request.method} ${request.url}`);
    turn(JSON.parse(body));
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});

const listening = (it) => new Promise((done) => it.listen(0, '127.0.0.1', () => done(it.address().port)));
const url = `https://localhost:${await listening(server)}`;
publish(['2026-a'], '2026-a');
const controlUrl = `http://127.0.0.1:${await listening(control)}`;
console.log(JSON.stringify({ url, control: controlUrl }));
