// openid-client, unchanged, found through discovery: registration, PAR, PKCE, DPoP, code, userinfo, refresh, logout.

import * as client from 'openid-client'
import { Person, expect, given, metadata } from './person.mjs'

const own = await metadata('openid-client')
const config = await client.dynamicClientRegistration(
  new URL(given.issuer),
  own.metadata,
  client.PrivateKeyJwt(own.key),
  { initialAccessToken: given.initialAccessToken, execute: [client.allowInsecureRequests] },
)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))

const verifier = client.randomPKCECodeVerifier()
const expected = { expectedState: client.randomState(), expectedNonce: client.randomNonce() }
const asked = await client.buildAuthorizationUrlWithPAR(
  config,
  {
    redirect_uri: given.redirectUri,
    scope: 'openid profile',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
  },
  { DPoP },
)
expect(asked.searchParams.has('request_uri'), 'the request was not pushed')

const person = new Person(given.issuer, given.username, given.password)
const back = await person.walk(asked)
expect(back.left, `the person was not sent back: ${back.status} ${back.text}`)
const tokens = await client.authorizationCodeGrant(
  config,
  back.left,
  { pkceCodeVerifier: verifier, idTokenExpected: true, ...expected },
  undefined,
  { DPoP },
)
expect(tokens.token_type === 'dpop', `the token is ${tokens.token_type}`)
const { sub } = tokens.claims()
const about = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
expect(refreshed.access_token !== tokens.access_token, 'the access token is the same')
const examined = await client.tokenIntrospection(config, refreshed.access_token)
expect(examined.active, 'the fresh token is not active')

const leaving = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: given.loggedOut,
  id_token_hint: tokens.id_token,
  state: 'bye',
})
const left = await person.walk(leaving)
expect(left.left?.href === `${given.loggedOut}?state=bye`, `signed out to ${left.left ?? left.text}`)
let ended
try {
  await client.refreshTokenGrant(config, refreshed.refresh_token, undefined, { DPoP })
} catch (error) {
  ended = error.error
}
console.log(JSON.stringify({ client: config.clientMetadata().client_id, sub, name: about.name, ended }))
