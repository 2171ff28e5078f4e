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
