// What shall go wrong next: one kind at a time, for so many calls.

export const KINDS = [
  ...["expired_token", "wrong_audience", "wrong_tenant", "wrong_issuer", "no_nonce", "wrong_nonce", "tampered_token"],
  ...["no_tenant", "denied", "unavailable", "forbidden", "throttled"],
];

export class Faults {
  #waiting = [];

  // `only` names the room (a tenant, facebook, google, graph, people) that fails; left out, whichever is next.
  add(kind, next = 1, only = undefined) {
    if (!KINDS.includes(kind)) throw new RangeError(`kind is one of ${KINDS.join(", ")}`);
    this.#waiting.push({ kind, left: next, only });
  }

  take(kind, room) {
    const at = this.#waiting.findIndex(fault => fault.kind === kind && (!fault.only || fault.only === room));
    if (at < 0 || room === "api") return false;
    if (--this.#waiting[at].left === 0) this.#waiting.splice(at, 1);
    return true;
  }

  clear = () => this.#waiting.splice(0);
  waiting = () => this.#waiting;
}
