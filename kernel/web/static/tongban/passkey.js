// Fills in forms marked data-passkey with the answer of the browser's passkey dialogue (Web Authentication Level 3).
// A form without this script stays hidden, and the other ways of signing in stay as they are.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const descriptor = (each) => ({ ...each, id: bytes(each.id) });

async function optionsFor(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await fetch(form.dataset.options, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  const options = await answer.json();
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  options.allowCredentials = options.allowCredentials?.map(descriptor);
  options.excludeCredentials = options.excludeCredentials?.map(descriptor);
  return options;
}

function answerOf(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

let waiting = null; // the autofill request, which a pressed button takes the place of

async function run(form, more = {}) {
  const publicKey = await optionsFor(form);
  const ceremony = form.dataset.passkey === "create" ? "create" : "get";
  const credential = await navigator.credentials[ceremony]({ publicKey, ...more });
  form.elements.credential.value = answerOf(credential);
  form.submit();
}

async function offerInAutofill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  await run(form, { mediation: "conditional", signal: waiting.signal });
}

function prepare(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    waiting?.abort();
    problem.hidden = true;
    try {
      await run(form);
    } catch {
      problem.hidden = false;
      problem.setAttribute("role", "alert");
    }
  });
  if ("conditional" in form.dataset) offerInAutofill(form).catch(() => {});
}

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(prepare);
