// Facebook Login and the little of its Graph API that tells who somebody is.
import { createHmac } from "node:crypto";

import { bearer, form, json, notFound, redirect, refuse } from "./http.mjs";
import { choose } from "./pages.mjs";

const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGOMqjjBgA0wYRUdtBIAQ8UBqttjjicAAAAASUVORK5CYII=", "base64");

export class Facebook {
  constructor(client, people, faults, grants, origin) {
    Object.assign(this, { client, people, faults, grants, origin });
  }

  async answer(request, response, url) {
    const asked = request.method === "POST" ? await form(request) : Object.fromEntries(url.searchParams);
    if (url.pathname.endsWith("/dialog/oauth")) return this.#dialog(response, url, asked);
    if (url.pathname.endsWith("/oauth/access_token")) return this.#accessToken(response, asked);
    if (url.pathname.endsWith("/me")) return this.#me(response, { access_token: bearer(request), ...asked });
    if (url.pathname.includes("/pictures/")) return response.writeHead(200, { "Content-Type": "image/png" }).end(PICTURE);
    return notFound(response);
  }

  #dialog(response, url, asked) {
    if (asked.client_id !== this.client.id || !asked.redirect_uri || !asked.state) return problem(response, 101);
    const back = new URL(asked.redirect_uri);
    if (this.faults.take("denied", "facebook")) {
      back.search = new URLSearchParams({ error: "access_denied", state: asked.state }).toString();
      return redirect(response, back);
    }
    const person = this.people.find("common", asked.login_hint);
    if (!person) return choose(response, url, this.people.all());
    const code = this.grants.code({ person, clientId: asked.client_id, redirectUri: asked.redirect_uri, scope: asked.scope });
    back.search = new URLSearchParams({ code, state: asked.state }).toString();
    return redirect(response, back);
  }

  #accessToken(response, asked) {
    const grant = this.grants.redeem(asked.code, asked.client_id, asked.redirect_uri);
    if (!grant || asked.client_secret !== this.client.secret) return problem(response, 100);
    return json(response, { access_token: this.grants.token(grant), token_type: "bearer", expires_in: 5184000 });
  }

  #me(response, asked) {
    const proof = createHmac("sha256", this.client.secret).update(asked.access_token ?? "").digest("hex");
    const person = this.grants.of(asked.access_token)?.person;
    if (!person || this.faults.take("expired_token", "facebook")) return problem(response, 190);
    if (asked.appsecret_proof !== proof) return problem(response, 100);
    const all = {
      id: person.facebookId,
      first_name: person.firstName,
      last_name: person.lastName,
      email: person.facebookEmail ?? undefined,
      picture: { data: { is_silhouette: person.picture === false, url: `${this.origin()}/facebook/v24.0/pictures/${person.id}` } },
    };
    const fields = (asked.fields ?? "id").replace(/\.(width|height)\(\d+\)/g, "").split(",");
    return json(response, Object.fromEntries(fields.filter(name => all[name]).map(name => [name, all[name]])));
  }
}

const problem = (response, code) => json(response, { error: { type: "OAuthException", code, message: "refused" } }, 400);
