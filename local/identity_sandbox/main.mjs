// The identity sandbox: Entra ID with several tenants, Facebook, Microsoft Graph, Google's contacts and X, on one loopback port.
// Used as `node local/identity_sandbox/main.mjs --port N` with IDENTITY_CLIENT_ID and IDENTITY_CLIENT_SECRET set; keeps nothing.
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { Contacts } from "./contacts.mjs";
import { Control } from "./control.mjs";
import { Entra } from "./entra.mjs";
import { Facebook } from "./facebook.mjs";
import { Faults } from "./faults.mjs";
import { Google } from "./google.mjs";
import { Grants } from "./grants.mjs";
import { notFound, refuse } from "./http.mjs";
import { home } from "./pages.mjs";
import { People } from "./people.mjs";
import { Twitter } from "./twitter.mjs";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const client = { id: process.env.IDENTITY_CLIENT_ID, secret: process.env.IDENTITY_CLIENT_SECRET };
if (!client.id || !client.secret) {
  console.error("missing in the environment: IDENTITY_CLIENT_ID, IDENTITY_CLIENT_SECRET");
  process.exit(2);
}

const server = createServer((request, response) => {
  answer(request, response).catch(error => refuse(response, 500, "server_error", error.constructor.name));
});
server.listen(Number(values.port), "127.0.0.1", () => console.log(`Listening at ${origin()}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)).closeAllConnections());

const origin = () => `http://127.0.0.1:${server.address().port}`;
const people = new People();
const faults = new Faults();
const grants = new Grants();
const entra = new Entra(client, people, faults, grants, origin);
const rooms = {
  api: new Control(people, faults, grants, entra),
  facebook: new Facebook(client, people, faults, grants, origin),
  google: new Google(client, people, faults, grants),
  graph: new Contacts(grants, faults, origin),
  people: new Contacts(grants, faults, origin),
  twitter: new Twitter(faults),
};

async function answer(request, response) {
  const url = new URL(request.url, origin());
  const [, room] = url.pathname.split("/");
  if (room === "") return home(response, people);
  if (faults.take("unavailable", room)) return refuse(response, 503, "temporarily_unavailable");
  if (Object.hasOwn(rooms, room)) return rooms[room].answer(request, response, url);
  if (people.hasTenant(room)) return entra.answer(request, response, url);
  return notFound(response);
}
