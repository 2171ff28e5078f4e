// Entra ID: each tenant is an issuer of its own, served by oauth2-mock-server, whose hooks say who signs in and what its tokens hold.
import { OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";

import { json, redirect, refuse } from "./http.mjs";
import { choose } from "./pages.mjs";
import { TENANTS } from "./people.mjs";

// The name that the suite knows it by; MSAL wants https, and its HTTP client maps the name to this port.
const ISSUER = "https://login.test";
const NEEDED = ["client_id", "redirect_uri", "state", "nonce", "code_challenge"];

export class Entra {
  #services = new Map();

  constructor(client, people, faults, grants, origin) {
    Object.assign(this, { client, people, faults, grants, origin });
  }

  async answer(request, response, url) {
    const [, tenant, , door] = url.pathname.split("/");
    if (url.pathname.endsWith("/.well-known/openid-configuration")) return json(response, this.#configuration(tenant));
    if (door === "authorize" && !this.#signsIn(response, url, tenant)) return undefined;
    const service = await this.#service(tenant);
    request.url = `/${door}${url.search}`;
    return service.requestHandler(request, response);
  }

  // People reach /authorize by browser, so it is named by its real address; the rest is asked by MSAL.
  #configuration(tenant) {
    const issuer = `${ISSUER}/${Object.hasOwn(TENANTS, tenant) ? tenant : "{tenantid}"}/v2.0`;
    const base = `${ISSUER}/${tenant}/v2.0`;
    return {
      issuer,
      authorization_endpoint: `${this.origin()}/${tenant}/v2.0/authorize`,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}/jwks`,
      response_types_supported: ["code"],
      id_token_signing_alg_values_supported: ["RS256"],
      subject_types_supported: ["pairwise"],
    };
  }

  // Whether the request is good and says who signs in; answers it itself when not.
  #signsIn(response, url, tenant) {
    const asked = Object.fromEntries(url.searchParams);
    const missing = NEEDED.filter(name => !asked[name]);
    if (missing.length) return refuse(response, 400, "invalid_request", `missing: ${missing.join(", ")}`);
    if (asked.client_id !== this.client.id) return refuse(response, 400, "unauthorized_client");
    if (asked.code_challenge_method !== "S256") return refuse(response, 400, "invalid_request", "PKCE wants S256");
    if (this.faults.take("denied", tenant)) {
      const back = new URL(asked.redirect_uri);
      back.search = new URLSearchParams({ error: "access_denied", state: asked.state }).toString();
      return redirect(response, back);
    }
    if (!this.people.find(tenant, asked.login_hint)) return choose(response, url, this.people.of(tenant));
    return true;
  }

  async #service(tenant) {
    if (this.#services.has(tenant)) return this.#services.get(tenant);
    const issuer = new OAuth2Issuer();
    issuer.url = `${ISSUER}/${tenant}/v2.0`;
    await issuer.keys.generate("RS256");
    const service = new OAuth2Service(issuer);
    service.on("beforeAuthorizeRedirect", (to, request) => this.#granted(to.url, request.query, tenant));
    service.on("beforeTokenSigning", (token, request) => this.#claims(token.payload, request.body, tenant));
    service.on("beforeResponse", (answer, request) => this.#changed(answer, request.body, tenant));
    this.#services.set(tenant, service);
    return service;
  }

  // One more signing key: tokens are signed by all in turn, so that the next is of a key that nobody has seen.
  async addKey(tenant) {
    const { issuer } = await this.#service(tenant);
    return { kid: (await issuer.keys.generate("RS256")).kid };
  }

  #granted(url, asked, tenant) {
    this.grants.code({
      person: this.people.find(tenant, asked.login_hint),
      clientId: asked.client_id,
      redirectUri: asked.redirect_uri,
      scope: asked.scope,
    }, url.searchParams.get("code"));
  }

  // The claims of one token. Both tokens pass here; what is meant to fail is the identity token's, the one with an audience.
  #claims(claims, asked, tenant) {
    const person = this.grants.peek(asked.code)?.person;
    if (!person) return;
    Object.assign(claims, {
      iss: `${ISSUER}/${person.tenant}/v2.0`,
      sub: `pairwise-${person.id}`,
      tid: person.tenant,
      oid: person.id,
      name: `${person.firstName} ${person.lastName}`,
      given_name: person.firstName,
      family_name: person.lastName,
      email: person.email,
      preferred_username: person.email,
      ...(person.customerId && { customer_id: person.customerId }),
    });
    if (claims.aud === undefined) return;
    const fails = kind => this.faults.take(kind, tenant);
    const past = Math.floor(Date.now() / 1000) - 3600;
    if (fails("expired_token")) Object.assign(claims, { iat: past - 3600, nbf: past - 3600, exp: past });
    if (fails("wrong_audience")) claims.aud = "somebody-elses-client";
    if (fails("wrong_issuer")) claims.iss = "https://login.elsewhere.test/v2.0";
    if (fails("wrong_nonce")) claims.nonce = "0".repeat(64);
    if (fails("no_nonce")) delete claims.nonce;
    if (fails("no_tenant")) delete claims.tid;
    if (fails("wrong_tenant")) {
      const other = Object.keys(TENANTS).find(id => id !== person.tenant);
      Object.assign(claims, { tid: other, iss: `${ISSUER}/${other}/v2.0` });
    }
  }

  // The answer to a code: refused unless code, client and PKCE are good.
  #changed(answer, asked, tenant) {
    const no = (error, statusCode = 400) => Object.assign(answer, { statusCode, body: { error, error_description: error } });
    const grant = this.grants.redeem(asked.code, asked.client_id, asked.redirect_uri);
    if (asked.client_id !== this.client.id || asked.client_secret !== this.client.secret) return no("invalid_client", 401);
    if (!grant || !asked.code_verifier) return no("invalid_grant");
    this.grants.token(grant, answer.body.access_token);
    answer.body.scope = grant.scope;
    delete answer.body.refresh_token;
    if (this.faults.take("tampered_token", tenant)) {
      const [head, claims, signature] = answer.body.id_token.split(".");
      answer.body.id_token = [head, claims, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
    }
    return undefined;
  }
}
