// openid-client, unchanged, found through discovery: registration, CIBA in poll mode, the person's answer, userinfo.

import * as client from 'openid-client'
import { Person, expect, given, metadata } from './person.mjs'

const own = await metadata('openid-client at a window')
const { redirect_uris, post_logout_redirect_uris, response_types, require_pushed_authorization_requests, ...kept } = own.metadata
const config = await client.dynamicClientRegistration(
  new URL(given.issuer),
  {
    ...kept,
    grant_types: ['urn:openid:params:grant-type:ciba'],
    backchannel_token_delivery_mode: 'poll',
  },
  client.PrivateKeyJwt(own.key),
  { initialAccessToken: given.initialAccessToken, execute: [client.allowInsecureRequests] },
)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))

const ask = () =>
  client.initiateBackchannelAuthentication(config, {
    scope: 'openid profile',
    login_hint: given.username,
    binding_message: 'A-17',
  })
const person = new Person(given.issuer, given.username, given.password)

const asked = await ask()
// Whom it means is looked up a moment after the answer: until then the list is empty, and the walk ends there.
let answered
for (let tries = 0; tries < 40 && !answered?.text.includes('已确认'); tries += 1) {
  answered = await person.walk(`${given.issuer}/account/requests`)
  await new Promise((resolve) => setTimeout(resolve, 250))
}
expect(answered.status === 200 && answered.text.includes('已确认'), `the person was left at ${answered.status} ${answered.text}`)
const tokens = await client.pollBackchannelAuthenticationGrant(config, asked, undefined, { DPoP })
expect(tokens.token_type === 'dpop', `the token is ${tokens.token_type}`)
const { sub } = tokens.claims()
const about = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })

let ended
try {
  await client.pollBackchannelAuthenticationGrant(config, asked, undefined, { DPoP })
} catch (error) {
  ended = error.error
}
console.log(JSON.stringify({ client: config.clientMetadata().client_id, sub, name: about.name, ended }))
