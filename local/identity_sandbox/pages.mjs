// Plain pages: who is here, and whom to sign in as.
import { html } from "./http.mjs";
import { TENANTS } from "./people.mjs";

const escape = text => String(text).replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`);

function page(title, list) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>body{font:1rem/1.6 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}</style>
<h1>${escape(title)}</h1><p>This is a sandbox: nobody here is real, and no password is needed.</p><ul>${list.join("")}</ul></html>`;
}

export function home(response, people) {
  const list = people.all().map(one => `<li>${escape(one.firstName)} ${escape(one.lastName)}, ${escape(one.email)},
    ${escape(TENANTS[one.tenant])}</li>`);
  html(response, page("Identity sandbox", list));
}

// The page at /authorize: the same address once more, with the person in it.
export function choose(response, url, people) {
  const list = people.map(one => {
    const chosen = new URL(url);
    chosen.searchParams.set("login_hint", one.id);
    const address = escape(chosen.pathname + chosen.search);
    return `<li><a href="${address}">${escape(one.firstName)} ${escape(one.lastName)}</a>, ${escape(one.email)}</li>`;
  });
  html(response, page("Sign in as", list));
}
