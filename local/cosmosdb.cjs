// The npm Cosmos DB emulator, closer to the service: its own transactional batches are not atomic and know no
// partition for a replace or a delete, and a point read of what is not there is a fault instead of a 404.
// Used as `node --require local/cosmosdb.cjs <the emulator's cli.js> …`.
"use strict";

const lib = "@vercel/cosmosdb-server/lib";
const json = require(`${lib}/json`);
const operations = require(`${lib}/handler/_document-operations`);
const batches = require(`${lib}/handler/batch-documents`);
const reads = require(`${lib}/handler/read-document`);

const batchOfRequest = new WeakMap();
const batchOfInput = new WeakMap();

const readBody = json.default;
json.default = async request => {
  const body = await readBody(request);
  const batch = batchOfRequest.get(request);
  if (batch && Array.isArray(body)) {
    for (const input of body) {
      input.partitionKey = request.headers["x-ms-documentdb-partitionkey"];
      batchOfInput.set(input, batch);
    }
  }
  return body;
};

// Once the body is read, the handler runs its operations without a pause: what is kept here is undone or dropped
// before any other request is looked at.
for (const name of ["createOperation", "replaceOperation", "deleteOperation"]) {
  const operation = operations[name];
  operations[name] = (collection, input) => {
    const batch = batchOfInput.get(input);
    if (batch && !batch.documents) {
      const { documents } = collection;
      Object.assign(batch, { documents, data: new Map(documents._data), index: new Map(documents._index) });
    }
    return operation(collection, input);
  };
}

const runBatch = batches.default;
batches.default = async (account, request, response, params) => {
  const batch = {};
  batchOfRequest.set(request, batch);
  const answers = await runBatch(account, request, response, params);
  if (!Array.isArray(answers) || !answers.some(answer => answer.statusCode >= 400)) return answers;
  batch.documents._data = batch.data;
  batch.documents._index = batch.index;
  return answers.map(({ statusCode }) => ({ statusCode: statusCode < 400 ? 424 : statusCode, requestCharge: 0 }));
};

const readDocument = reads.default;
reads.default = (account, request, response, params) => {
  const [partition] = JSON.parse(request.headers["x-ms-documentdb-partitionkey"]);
  const collection = account.database(params.dbId).collection(params.collId);
  if (collection.read() && !collection.document(params.docId, partition).read()) {
    response.statusCode = 404;
    return { code: "NotFound", message: "Entity with the specified id does not exist in the system." };
  }
  return readDocument(account, request, response, params);
};

// Its change feed is the list of all documents. Here each write gets a number, and a feed goes on after one.
const Items = require(`${lib}/account/items`).default;
const lists = require(`${lib}/handler/read-documents`);
const written = new WeakMap();
let writes = 0;

const setItem = Items.prototype._set;
Items.prototype._set = function (data) {
  const stored = setItem.call(this, data);
  written.set(stored, ++writes);
  return stored;
};

const readDocuments = lists.default;
lists.default = (account, request, response, params) => {
  if (!request.headers["a-im"]) return readDocuments(account, request, response, params);
  const { documents } = account.database(params.dbId).collection(params.collId);
  delete request.headers["a-im"]; // or the answer would be made the list of all again, on its way out
  const since = Number(String(request.headers["if-none-match"] ?? "0").replaceAll('"', ""));
  const later = [...documents._data.values()].map(item => item.read()).filter(data => written.get(data) > since);
  later.sort((one, other) => written.get(one) - written.get(other));
  const page = later.slice(0, Number(request.headers["x-ms-max-item-count"] ?? 100));
  response.setHeader("etag", `"${page.length ? written.get(page.at(-1)) : since}"`);
  if (!page.length) response.statusCode = 304;
  return page.length ? { Documents: page, _count: page.length } : {};
};
