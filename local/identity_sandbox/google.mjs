// Google's OAuth, as far as an account link needs it: code flow with PKCE.
import { createHash } from "node:crypto";

import { form, json, notFound, redirect, refuse } from "./http.mjs";
import { choose } from "./pages.mjs";

export class Google {
  constructor(client, people, faults, grants) {
    Object.assign(this, { client, people, faults, grants });
  }

  async answer(request, response, url) {
    if (url.pathname === "/google/auth") return this.#auth(response, url, Object.fromEntries(url.searchParams));
    if (url.pathname === "/google/token" && request.method === "POST") return this.#token(response, await form(request));
    return notFound(response);
  }

  #auth(response, url, asked) {
    const missing = ["redirect_uri", "state", "code_challenge", "scope"].filter(name => !asked[name]);
    if (missing.length || asked.client_id !== this.client.id) return refuse(response, 400, "invalid_request");
    const back = new URL(asked.redirect_uri);
    if (this.faults.take("denied", "google")) {
      back.search = new URLSearchParams({ error: "access_denied", state: asked.state }).toString();
      return redirect(response, back);
    }
    const person = this.people.find("common", asked.login_hint);
    if (!person) return choose(response, url, this.people.all());
    const code = this.grants.code({
      person,
      clientId: asked.client_id,
      redirectUri: asked.redirect_uri,
      scope: asked.scope,
      challenge: asked.code_challenge,
    });
    back.search = new URLSearchParams({ code, state: asked.state, scope: asked.scope }).toString();
    return redirect(response, back);
  }

  #token(response, asked) {
    const grant = this.grants.redeem(asked.code, asked.client_id, asked.redirect_uri);
    const challenge = createHash("sha256").update(asked.code_verifier ?? "").digest("base64url");
    if (!grant || grant.challenge !== challenge) return refuse(response, 400, "invalid_grant");
    if (asked.client_secret !== this.client.secret) return refuse(response, 401, "invalid_client");
    return json(response, { access_token: this.grants.token(grant), token_type: "Bearer", expires_in: 3599, scope: grant.scope });
  }
}
