// X, as far as it tells whose a token is: here a token says so itself, `token-of-<account id>`.
import { bearer, json, notFound, refuse } from "./http.mjs";

const OF = "token-of-";

export class Twitter {
  constructor(faults) {
    this.faults = faults;
  }

  async answer(request, response, url) {
    if (url.pathname !== "/twitter/2/users/me") return notFound(response);
    const token = bearer(request);
    if (!token.startsWith(OF) || this.faults.take("expired_token", "twitter")) return refuse(response, 401, "Unauthorized");
    const id = token.slice(OF.length);
    return json(response, { data: { id, name: "Somebody", username: `user${id}` } });
  }
}
