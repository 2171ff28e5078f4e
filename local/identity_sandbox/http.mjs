// Small answers over node's own HTTP.

export function json(response, content, status = 200) {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(content));
}

export function html(response, content) {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" });
  response.end(content);
}

export function redirect(response, url) {
  response.writeHead(302, { Location: url.href, "Cache-Control": "no-store" });
  response.end();
}

export const refuse = (response, status, error, description = error) =>
  json(response, { error, error_description: description }, status);

export const notFound = response => refuse(response, 404, "not_found");

export async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const form = async request => Object.fromEntries(new URLSearchParams(await body(request)));

export const bearer = request => (request.headers.authorization ?? "").replace(/^Bearer /, "");
