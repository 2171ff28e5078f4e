// Address books: Microsoft Graph's contacts, and the connections of Google's People API, page by page.
import { bearer, json, notFound, refuse } from "./http.mjs";

export class Contacts {
  constructor(grants, faults, origin) {
    Object.assign(this, { grants, faults, origin });
  }

  async answer(request, response, url) {
    const [, room] = url.pathname.split("/");
    const read = { "/graph/v1.0/me/contacts": this.#graph, "/people/v1/people/me/connections": this.#google }[url.pathname];
    if (!read) return notFound(response);
    const grant = this.grants.of(bearer(request));
    if (!grant || this.faults.take("expired_token", room)) return refuse(response, 401, "InvalidAuthenticationToken");
    if (!/contacts/i.test(grant.scope) || this.faults.take("forbidden", room)) return refuse(response, 403, "Forbidden");
    if (this.faults.take("throttled", room)) return refuse(response, 429, "TooManyRequests");
    return read.call(this, response, url, grant.person.contacts);
  }

  #graph(response, url, contacts) {
    const size = Number(url.searchParams.get("$top") ?? 10);
    const from = Number(url.searchParams.get("$skip") ?? 0);
    const next = new URL(url.pathname + url.search, this.origin());
    next.searchParams.set("$skip", from + size);
    json(response, {
      value: contacts.slice(from, from + size).map(one => ({
        id: one.email,
        givenName: one.firstName,
        surname: one.lastName,
        emailAddresses: one.email ? [{ address: one.email, name: one.firstName }] : [],
        mobilePhone: one.mobile ?? null,
        homePhones: one.phone ? [one.phone] : [],
        homeAddress: one.city ? { city: one.city, postalCode: one.postalCode } : {},
        categories: one.tags ?? [],
      })),
      ...(from + size < contacts.length && { "@odata.nextLink": next.href }),
    });
  }

  #google(response, url, contacts) {
    const size = Number(url.searchParams.get("pageSize") ?? 100);
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    json(response, {
      connections: contacts.slice(from, from + size).map(one => ({
        resourceName: `people/${one.email}`,
        names: [{ givenName: one.firstName, familyName: one.lastName }],
        emailAddresses: one.email ? [{ value: one.email }] : [],
        phoneNumbers: [
          ...(one.mobile ? [{ value: one.mobile, type: "mobile" }] : []),
          ...(one.phone ? [{ value: one.phone, type: "home" }] : []),
        ],
        addresses: one.city ? [{ city: one.city, postalCode: one.postalCode }] : [],
      })),
      totalItems: contacts.length,
      ...(from + size < contacts.length && { nextPageToken: String(from + size) }),
    });
  }
}
