// The tenants and who lives in them; every person also has an account at Facebook and an address book.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const FIRST = JSON.parse(readFileSync(new URL("people.json", import.meta.url)));

export const TENANTS = FIRST.tenants;
const [, ACME] = Object.keys(TENANTS);

// An id for who comes later: the same after a restart, from tenant and address.
function idOf(tenant, email) {
  const hex = createHash("sha256").update(`${tenant} ${email}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const contactsOf = email =>
  ["Zoe", "Yann", "Xenia"].map(name => ({ firstName: name, lastName: "Friend", email: `${name.toLowerCase()}.of.${email}` }));

export class People {
  #people = new Map();

  constructor() {
    for (const person of FIRST.people) this.put(person);
  }

  // Adds a person, or changes the one of that tenant and address; raises RangeError for a tenant that there is not.
  put(said) {
    const tenant = said.tenant ?? ACME;
    if (!Object.hasOwn(TENANTS, tenant)) throw new RangeError("unknown tenant");
    if (!said.email?.includes("@")) throw new RangeError("email is needed");
    const known = this.all().find(person => person.tenant === tenant && person.email === said.email);
    const id = said.id ?? known?.id ?? idOf(tenant, said.email);
    const before = this.#people.get(id) ?? {
      facebookId: BigInt(`0x${createHash("sha256").update(id).digest("hex").slice(0, 13)}`).toString(),
      facebookEmail: said.email,
      contacts: contactsOf(said.email),
    };
    const person = { ...before, ...said, id, tenant };
    this.#people.set(id, person);
    return person;
  }

  remove = id => this.#people.delete(id);
  all = () => [...this.#people.values()];
  hasTenant = name => name === "organizations" || name === "common" || Object.hasOwn(TENANTS, name);

  // Those who may sign in at a tenant: its own people, or everybody where many tenants share a door.
  of(tenant) {
    return this.all().filter(person => person.tenant === tenant || !Object.hasOwn(TENANTS, tenant));
  }

  find = (tenant, hint) => this.of(tenant).find(person => hint && (person.email === hint || person.id === hint));
}
