// For scripts: who there is, and what shall go wrong.
import { body, json, notFound, refuse } from "./http.mjs";
import { TENANTS } from "./people.mjs";

export class Control {
  constructor(people, faults, grants, entra) {
    Object.assign(this, { people, faults, grants, entra });
  }

  async answer(request, response, url) {
    try {
      const said = ["POST", "DELETE"].includes(request.method) ? JSON.parse((await body(request)) || "{}") : {};
      const done = this[`${request.method} ${url.pathname}`]?.(said);
      return done === undefined ? notFound(response) : json(response, await done);
    } catch (error) {
      return refuse(response, 422, "invalid_request", error.message);
    }
  }

  "GET /api/people" = () => ({ tenants: TENANTS, items: this.people.all() });
  "POST /api/people" = said => this.people.put(said);
  "DELETE /api/people" = said => ({ removed: this.people.remove(said.id) });
  "GET /api/faults" = () => ({ waiting: this.faults.waiting() });
  "DELETE /api/faults" = () => ({ cleared: this.faults.clear().length });
  "DELETE /api/tokens" = () => (this.grants.revokeAll(), { revoked: true });

  "POST /api/keys" = said => this.entra.addKey(said.tenant ?? "organizations");

  "POST /api/faults" = said => {
    this.faults.add(said.kind, said.next, said.only);
    return { waiting: this.faults.waiting() };
  };
}
