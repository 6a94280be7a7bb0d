/** Who may be whose sidecar: whoever shows a token of the workload that is good now, and nobody else; each refusal is counted. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLocalTokens } from "../../src/identity/index.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { askForSecrets, type MeshCaller } from "../support/mesh-stream.ts";
import { MeshWorld } from "../support/mesh-world.ts";

const HOUR_MS = 3_600_000;
const web = { id: "web", cluster: "mesh/shop/web/web" };
const cart = { id: "cart-v1", cluster: "mesh/shop/cart/cart-v1" };

test.skipIf(envoyBinary() === undefined)(
  "a sidecar is let in by its workload's token alone, and gets its own identity",
  async () => {
    await using world = await MeshWorld.start();
    const { stateDirectory } = world.served;
    const tokens = await openLocalTokens(join(stateDirectory, "mesh-tokens.key"));
    const others = await openLocalTokens(join(stateDirectory, "other.key"));
    const account = { namespace: "shop", name: "web", workload: "web" };
    const token = tokens.issue(account, HOUR_MS);
    const ask = async (caller: Omit<MeshCaller, "socket">): Promise<unknown> => {
      const answer = await askForSecrets({ socket: join(stateDirectory, "mesh.sock"), ...caller }, ["mesh/identity"]);
      if (typeof answer === "string") return answer;
      const [secret] = answer.secrets;
      return secret?.type.case === "tlsCertificate" ? namesIn(secret.type.value.certificateChain) : answer;
    };
    expect(await ask({ node: web, token })).toBe("URI:spiffe://cluster.local/ns/shop/sa/web");
    const refused = {
      "without a token": await ask({ node: web }),
      "somebody else's": await ask({ node: cart, token }),
      "of another workload of the account": await ask({
        node: cart,
        token: tokens.issue({ namespace: "shop", name: "cart", workload: "cart-v2" }, HOUR_MS),
      }),
      "of the account that the workload does not have": await ask({
        node: { id: "web", cluster: "mesh/shop/cart/web" },
        token: tokens.issue({ namespace: "shop", name: "cart", workload: "web" }, HOUR_MS),
      }),
      ended: await ask({ node: web, token: tokens.issue(account, -HOUR_MS) }),
      "signed by another key": await ask({ node: web, token: others.issue(account, HOUR_MS) }),
      "with other claims than were signed": await ask({ node: cart, token: forged(token) }),
      "no token": await ask({ node: web, token: "x.y.z" }),
    };
    expect(refused).toEqual({
      "without a token": "Unauthenticated",
      "somebody else's": "PermissionDenied",
      "of another workload of the account": "PermissionDenied",
      "of the account that the workload does not have": "PermissionDenied",
      ended: "Unauthenticated",
      "signed by another key": "Unauthenticated",
      "with other claims than were signed": "Unauthenticated",
      "no token": "Unauthenticated",
    });
    const metrics = await world.served.metrics();
    const counted = (reason: string): number | undefined =>
      metrics.get(`trilith_callers_refused_total{caller="proxy",reason="${reason}"}`);
    expect({
      noToken: counted("noToken"),
      wrongClaim: counted("wrongClaim"),
      unknownAccount: counted("unknownAccount"),
      expired: counted("expired"),
      unauthenticated: counted("unauthenticated"),
      malformed: counted("malformed"),
    }).toEqual({ noToken: 1, wrongClaim: 2, unknownAccount: 1, expired: 1, unauthenticated: 2, malformed: 1 });
  },
);

test.skipIf(envoyBinary() === undefined)("a sidecar gets nobody else's secrets, whatever it asks for", async () => {
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "password", namespace: "shop" },
    data: { password: "c2VjcmV0" },
  };
  await using world = await MeshWorld.start([secret]);
  const { stateDirectory } = world.served;
  const tokens = await openLocalTokens(join(stateDirectory, "mesh-tokens.key"));
  const names = ["mesh/identity", "mesh/trust", "mesh/shop/cart", "mesh/shop/cart/cart-v1", "shop/password"];
  const answer = await askForSecrets(
    {
      socket: join(stateDirectory, "mesh.sock"),
      node: { id: "visitor", cluster: "mesh/street/visitor/visitor" },
      token: tokens.issue({ namespace: "street", name: "visitor", workload: "visitor" }, HOUR_MS),
    },
    names,
  );
  if (typeof answer === "string") throw new Error(answer);
  const keys = answer.secrets.map(({ type }) =>
    type.case === "tlsCertificate" ? namesIn(type.value.certificateChain) : type.case,
  );
  expect([new Set(keys), answer.missing]).toEqual([
    new Set(["URI:spiffe://cluster.local/ns/street/sa/visitor", "validationContext"]),
    ["mesh/shop/cart", "mesh/shop/cart/cart-v1", "shop/password"],
  ]);
  // What everybody is to trust is the certificate, and not the key beside it.
  expect(
    JSON.stringify(
      answer.secrets.map(({ type }) => type),
      (_, value: unknown) => String(value),
    ),
  ).not.toContain("PRIVATE");
  expect(readFileSync(join(stateDirectory, "mesh-authority.pem"), "utf8")).toContain("PRIVATE KEY");
});

interface InlineSource {
  readonly specifier: { readonly case?: string | undefined; readonly value?: unknown };
}

function namesIn(source: InlineSource | undefined): string | undefined {
  const pem = source?.specifier.case === "inlineString" ? String(source.specifier.value) : "";
  return new X509Certificate(pem).subjectAltName;
}

/** The same token for another workload. */
function forged(token: string): string {
  const [header, claims = "", signature] = token.split(".");
  const changed = {
    ...(JSON.parse(Buffer.from(claims, "base64url").toString()) as object),
    name: "cart",
    workload: "cart-v1",
  };
  return [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
}
