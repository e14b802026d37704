// oidc-provider as a peer: everything in memory, no audit trail, log level "error" (oidc-provider writes no access log).
// Arguments: port, port of the code maker, client secret, PKCE challenge. It is ready when /jwks answers.
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';

const [port, codesPort, secret, challenge] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'benchmark' };

// A Map, as the performance reference has it: no expiry work, no eviction. Its memory grows with what is stored.
class MemoryAdapter {
  static stores = new Map();

  constructor(name) {
    if (!MemoryAdapter.stores.has(name)) MemoryAdapter.stores.set(name, new Map());
    this.store = MemoryAdapter.stores.get(name);
  }

  async upsert(id, payload) { this.store.set(id, payload); }

  async find(id) { return this.store.get(id); }

  async findByUserCode() { return undefined; }

  async findByUid() { return undefined; }

  async consume(id) { const found = this.store.get(id); if (found) found.consumed = Date.now() / 1000; }

  async destroy(id) { this.store.delete(id); }

  async revokeByGrantId() {}
}

const servers = {
  'urn:benchmark:jwt': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  'urn:benchmark:opaque': { accessTokenFormat: 'opaque' },
};

const provider = new Provider(issuer, {
  adapter: MemoryAdapter,
  jwks: { keys: [key] },
  scopes: ['openid', 'api'],
  clients: [{
    client_id: 'benchmark',
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
    scope: 'api',
  }, {
    client_id: 'benchmark-web',
    client_secret: secret,
    grant_types: ['authorization_code'],
    redirect_uris: ['https://benchmark.example/callback'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
    scope: 'openid api',
  }],
  findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  ttl: { ClientCredentials: 3600, AccessToken: 3600, IdToken: 3600, AuthorizationCode: 60, Grant: 86400 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => 'urn:benchmark:jwt',
      useGrantedResource: async () => true,
      getResourceServerInfo: async (_context, resource) => {
        const known = servers[resource];
        if (!known) throw new errors.InvalidTarget();
        return { scope: 'api', audience: resource, accessTokenTTL: 3600, ...known };
      },
    },
  },
});

// Made in advance, as after a sign-in of one person at one client: codes, GET /COUNT; an access token, GET /token.
const client = await provider.Client.find('benchmark-web');
http.createServer(async (request, response) => {
  // A grant for each lot: a code shown twice, as the check does, ends its grant.
  const grant = new provider.Grant({ accountId: 'person', clientId: client.clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope('urn:benchmark:jwt', 'api');
  const grantId = await grant.save();
  if (request.url === '/token') {
    const token = new provider.AccessToken({
      accountId: 'person', client, grantId, gty: 'authorization_code', scope: 'openid',
    });
    response.end(await token.save());
    return;
  }
  const codes = [];
  for (let left = Number(request.url.slice(1)); left > 0; left -= 1) {
    const code = new provider.AuthorizationCode({
      accountId: 'person',
      acr: 'urn:benchmark',
      amr: ['pwd'],
      authTime: Math.floor(Date.now() / 1000),
      client,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      grantId,
      gty: 'authorization_code',
      nonce: 'n',
      redirectUri: 'https://benchmark.example/callback',
      resource: 'urn:benchmark:jwt',
      scope: 'openid api',
    });
    codes.push(await code.save());
  }
  response.end(codes.join('\n'));
}).listen(Number(codesPort), '127.0.0.1');

const server = provider.listen(Number(port), '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { server.close(); process.exit(0); });
