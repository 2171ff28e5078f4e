// What was granted to whom: codes, good once and for ten minutes, and the access tokens that they were changed for.
import { randomUUID } from "node:crypto";

const CODE_LASTS = 10 * 60 * 1000;

export class Grants {
  #codes = new Map();
  #tokens = new Map();

  code(grant, code = randomUUID()) {
    this.#codes.set(code, { ...grant, until: Date.now() + CODE_LASTS });
    return code;
  }

  // The grant of a code, and never again; undefined for one that was used, is too old, or belongs to another client.
  redeem(code, client, redirectUri) {
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    const good = grant && grant.until > Date.now() && grant.clientId === client && grant.redirectUri === redirectUri;
    return good ? grant : undefined;
  }

  peek = code => this.#codes.get(code);

  token(grant, token = randomUUID()) {
    this.#tokens.set(token, grant);
    return token;
  }

  of = token => this.#tokens.get(token);
  revokeAll = () => this.#tokens.clear();
}
