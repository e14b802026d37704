// oauth4webapi, unchanged, found through discovery: registration, PAR, PKCE, DPoP, code, userinfo, refresh, revocation,
// logout.

import * as oauth from 'oauth4webapi'
import { Person, expect, given, metadata } from './person.mjs'

const loopback = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, loopback))

const own = await metadata('oauth4webapi')
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(as, own.metadata, {
    initialAccessToken: given.initialAccessToken,
    ...loopback,
  }),
)
const authentication = oauth.PrivateKeyJwt(own.key)
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
const options = { DPoP, ...loopback }

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const pushed = await oauth.processPushedAuthorizationResponse(
  as,
  client,
  await oauth.pushedAuthorizationRequest(
    as,
    client,
    authentication,
    {
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: given.redirectUri,
      scope: 'openid profile',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    },
    options,
  ),
)
const asked = new URL(as.authorization_endpoint)
asked.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })

const person = new Person(given.issuer, given.username, given.password)
const back = await person.walk(asked)
expect(back.left, `the person was not sent back: ${back.status} ${back.text}`)
const parameters = oauth.validateAuthResponse(as, client, back.left, state)
const tokens = await oauth.processAuthorizationCodeResponse(
  as,
  client,
  await oauth.authorizationCodeGrantRequest(
    as,
    client,
    authentication,
    parameters,
    given.redirectUri,
    verifier,
    options,
  ),
  { expectedNonce: nonce, requireIdToken: true },
)
const { sub } = oauth.getValidatedIdTokenClaims(tokens)
const about = await oauth.processUserInfoResponse(
  as,
  client,
  sub,
  await oauth.userInfoRequest(as, client, tokens.access_token, options),
)

const refresh = async (token) =>
  oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, authentication, token, options),
  )
const refreshed = await refresh(tokens.refresh_token)
expect(refreshed.access_token !== tokens.access_token, 'the access token is the same')
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, authentication, refreshed.refresh_token, loopback),
)
let ended
try {
  await refresh(refreshed.refresh_token)
} catch (error) {
  ended = error.error
}

const leaving = new URL(as.end_session_endpoint)
leaving.search = new URLSearchParams({
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: given.loggedOut,
  state: 'bye',
})
const left = await person.walk(leaving)
expect(left.left?.href === `${given.loggedOut}?state=bye`, `signed out to ${left.left ?? left.text}`)
console.log(JSON.stringify({ client: client.client_id, sub, name: about.name, ended }))
