// A person in front of the provider's pages: keeps cookies, fills in the forms as they stand, and stops where the
// provider sends the browser away.

const FORM = /<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/s
const FIELD = /<(?:input|button)([^>]*)>/g
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/g
const MOST_PAGES = 8

const unescaped = (text) =>
  text.replaceAll('&amp;', '&').replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>')

export class Person {
  #cookies = new Map()

  constructor(issuer, username, password) {
    this.issuer = issuer
    this.username = username
    this.password = password
  }

  /** Opens an address and answers every page; the address outside the provider where the browser ends, or the last page. */
  async walk(url) {
    let answer = await this.#ask(new URL(url))
    for (let page = 0; page < MOST_PAGES; page += 1) {
      if (answer.left) return { left: answer.left }
      const form = FORM.exec(answer.text)
      const fields = form && this.#answers(form[2], unescaped(form[1]))
      if (!fields) return { text: answer.text, status: answer.status }
      answer = await this.#ask(new URL(unescaped(form[1]), answer.url), new URLSearchParams(fields))
    }
    throw new Error('the pages do not end')
  }

  #answers(html, action) {
    const found = [...html.matchAll(FIELD)].map(([, attributes]) =>
      Object.fromEntries([...attributes.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, unescaped(value)])),
    )
    const fields = Object.fromEntries(
      found.filter((each) => each.type === 'hidden').map((each) => [each.name, each.value ?? '']),
    )
    const names = new Set(found.map((each) => each.name))
    if (names.has('password')) return { ...fields, username: this.username, password: this.password }
    if (names.has('decision')) return { ...fields, decision: 'allow' }
    if (action.startsWith('/account/requests/')) return fields
    return undefined
  }

  async #ask(url, body) {
    let method = body ? 'POST' : 'GET'
    for (;;) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { accept: 'text/html', cookie, ...(body ? { origin: this.issuer } : {}) }
      const response = await fetch(url, { method, body, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0].split(/=(.*)/s)
        this.#cookies.set(name, value)
      }
      const location = response.headers.get('location')
      if (!location) return { url, status: response.status, text: await response.text() }
      url = new URL(location, url)
      if (url.origin !== new URL(this.issuer).origin) return { left: url }
      method = 'GET'
      body = undefined
    }
  }
}

/** What the test hands over in the environment. */
export const given = {
  issuer: process.env.ISSUER,
  initialAccessToken: process.env.INITIAL_ACCESS_TOKEN,
  username: process.env.PERSON,
  password: process.env.PASSWORD,
  redirectUri: process.env.REDIRECT_URI,
  loggedOut: process.env.LOGGED_OUT,
}

/** Client metadata with a fresh ES256 key: private_key_jwt, PAR and DPoP required. */
export async function metadata(name) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const key = { key: pair.privateKey, kid: 'key-1' }
  return {
    key,
    metadata: {
      client_name: name,
      redirect_uris: [given.redirectUri],
      post_logout_redirect_uris: [given.loggedOut],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'openid profile',
      token_endpoint_auth_method: 'private_key_jwt',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      jwks: { keys: [{ kty, crv, x, y, kid: key.kid, alg: 'ES256', use: 'sig' }] },
    },
  }
}

/** Fails with what was expected. */
export function expect(condition, words) {
  if (!condition) throw new Error(words)
}
