// What a pipeline meets beside Argo and AWS: GitHub with its repositories and API, whoever is notified, and the webhook of EKS that gives pods the
// role of their service account (github.com/aws/amazon-eks-pod-identity-webhook). Everything that it is asked is kept, and told at /_received.
// And an AWS that is busy: CloudFormation refuses every other request.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { request as askPlain, createServer as createPlainServer } from "node:http";
import { createServer, request as ask } from "node:https";
import { createServer as createTcpServer } from "node:net";

const REPOSITORIES = "/tmp/repositories";
const received = [];
const comments = new Map();

const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};

const answer = (response, status, value) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
};

// Git's own server, by the rules of CGI (RFC 3875; `git help http-backend`).
const repository = async (request, response, path, query) => {
  const folder = `${REPOSITORIES}/${path.split(".git/")[0]}.git`;
  if (!existsSync(folder)) {
    spawnSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", folder]);
    // As GitHub has it.
    spawnSync("git", ["-C", folder, "config", "uploadpack.allowAnySHA1InWant", "true"]);
    spawnSync("git", ["-C", folder, "config", "uploadpack.allowFilter", "true"]);
    spawnSync("git", ["-C", folder, "config", "http.receivepack", "true"]);
  }
  const body = await read(request);
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: REPOSITORIES,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
      REMOTE_ADDR: request.socket.remoteAddress ?? "",
    },
  });
  backend.stdin.on("error", () => {});
  backend.stdin.end(body);
  const said = await read(backend.stdout);
  const end = said.indexOf("\r\n\r\n");
  let status = 200;
  const headers = {};
  for (const line of said.subarray(0, end).toString("latin1").split("\r\n")) {
    const [name, value] = line.split(/: */, 2);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  response.writeHead(status, headers);
  response.end(said.subarray(end + 4));
};

// What of GitHub's API Aphex asks for.
const api = (request, response, path, body) => {
  const list = path.match(/^\/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/comments$/);
  if (list) {
    const all = comments.get(`${list[1]}#${list[2]}`) ?? [];
    if (request.method === "GET") return answer(response, 200, all);
    const one = { id: received.length, body: body.body, user: { login: "aphex[bot]" } };
    comments.set(`${list[1]}#${list[2]}`, [...all, one]);
    return answer(response, 201, one);
  }
  const one = path.match(/^\/repos\/[^/]+\/[^/]+\/issues\/comments\/(\d+)$/);
  if (one) {
    const found = [...comments.values()].flat().find((comment) => String(comment.id) === one[1]);
    if (!found) return answer(response, 404, { message: "Not Found" });
    found.body = body.body;
    return answer(response, 200, found);
  }
  if (/^\/repos\/[^/]+\/[^/]+\/statuses\/[0-9a-f]{40}$/.test(path)) return answer(response, 201, {});
  return answer(response, 404, { message: "Not Found" });
};

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

const serviceAccount = (namespace, name) =>
  new Promise((found, failed) => {
    const options = {
      host: process.env.KUBERNETES_SERVICE_HOST,
      port: process.env.KUBERNETES_SERVICE_PORT,
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`,
      ca: readFileSync(`${ACCOUNT}/ca.crt`),
      headers: { authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`)}` },
    };
    ask(options, async (answer) => found(JSON.parse(await read(answer)))).on("error", failed).end();
  });

// An AdmissionReview of a pod, and the answer to it.
const identity = async (response, review) => {
  const pod = review.request.object;
  const account = await serviceAccount(review.request.namespace, pod.spec.serviceAccountName ?? "default");
  const role = account.metadata?.annotations?.["eks.amazonaws.com/role-arn"];
  const result = { uid: review.request.uid, allowed: true };
  if (role) {
    const env = [
      { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
      { name: "AWS_DEFAULT_REGION", value: "eu-west-1" },
      { name: "AWS_REGION", value: "eu-west-1" },
      { name: "AWS_ROLE_ARN", value: role },
      { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${TOKEN}/token` },
    ];
    const mount = { name: "aws-iam-token", readOnly: true, mountPath: TOKEN };
    const spec = structuredClone(pod.spec);
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      const has = new Set((container.env ?? []).map((one) => one.name));
      container.env = [...(container.env ?? []), ...env.filter((one) => !has.has(one.name))];
      container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    }
    const source = { serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds: 86400, path: "token" } };
    spec.volumes = [...(spec.volumes ?? []), { name: "aws-iam-token", projected: { sources: [source] } }];
    const patch = [{ op: "replace", path: "/spec", value: spec }];
    result.patchType = "JSONPatch";
    result.patch = Buffer.from(JSON.stringify(patch)).toString("base64");
  }
  answer(response, 200, { apiVersion: review.apiVersion, kind: review.kind, response: result });
};

const parsed = (body) => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

createServer({ cert: readFileSync("/world/server.pem"), key: readFileSync("/world/server.key") }, async (request, response) => {
  try {
    const [path, query = ""] = request.url.split("?", 2);
    if (path === "/_received") return answer(response, 200, received);
    if (path.includes(".git/")) return await repository(request, response, path, query);
    const body = parsed((await read(request)).toString());
    if (path === "/identity") return await identity(response, body);
    received.push({ method: request.method, path, headers: request.headers, body });
    if (path.startsWith("/api/v3/")) return api(request, response, path.slice("/api/v3".length), body);
    return answer(response, path.startsWith("/dead/") ? 500 : 200, {});
  } catch (error) {
    console.error(error);
    answer(response, 500, { message: String(error) });
  }
}).listen(8443, () => console.log("the world is there"));

// As CloudFormation words it (its API reference, "Common Error Types"; the AWS query protocol).
const THROTTLED = `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>0</RequestId></ErrorResponse>`;
let asked = 0;

createPlainServer(async (request, response) => {
  const body = await read(request);
  const { method, headers } = request;
  if (/\/cloudformation\/aws4_request/.test(headers.authorization) && asked++ % 2 === 0) {
    received.push({ method, path: "/throttled", headers, body: body.toString() });
    response.writeHead(400, { "content-type": "text/xml" });
    return response.end(THROTTLED);
  }
  const onward = askPlain(`${process.env.AWS_ENDPOINT_URL}${request.url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", (error) => response.destroy(error));
  onward.end(body);
}).listen(4566);

// A server of the machine of the tests (let_in.rs): connections from there wait at 4568, and whoever connects to 4567 is given one.
const waiting = [];
const callers = [];
const pair = () => {
  while (waiting.length && callers.length) {
    const [behind, caller] = [waiting.shift(), callers.shift()];
    behind.removeAllListeners("close");
    behind.write("!");
    caller.pipe(behind).pipe(caller);
  }
};
const queue = (line) => (socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("close", () => line.includes(socket) && line.splice(line.indexOf(socket), 1));
  line.push(socket);
  pair();
};
createTcpServer(queue(callers)).listen(4567);
createTcpServer(queue(waiting)).listen(4568);
