/**
 * What somebody could try against the mesh, in a cluster: callers outside against strict workloads, proxies with another's token or other
 * claims, secrets of others, certificates that have expired or are of nobody, and requests that are written so that a policy
 * and a workload could read them differently. Each is refused, and each is counted.
 */
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import type { KeyPair } from "../../src/identity/certificate-chains.ts";
import { issueWorkloadCertificate } from "../../src/identity/issue-certificates.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { clientOf, countStatuses, echoWithAccount, namespaceObject } from "./echo-workload.ts";
import { accessPolicy, echoService, httpRoute, serviceParent, webGateway } from "./mesh-objects.ts";
import { impostorOf } from "./impostor.ts";
import type { MeshAnswer, MeshCalls } from "./mesh-caller.ts";
import {
  framedRequest,
  HEADER_TRICKS,
  PATHS_OUT_OF_ITEMS,
  PATHS_TO_ADMIN,
  plainRequest,
  PSEUDO_HEADER_TRICKS,
} from "./request-tricks.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";
import type { XdsAnswer, XdsCall } from "./xds-caller.ts";

const used = useTrilithCluster(async ({ apply, untilRolledOut }) => {
  apply(namespaceObject("vault", MESHED), namespaceObject("shop", MESHED), namespaceObject("plain"));
  const door = await (await createCertificateAuthority()).issue({ commonName: "door", names: ["door.test"] });
  apply(doorSecret(door), ...PODS.flatMap(([space, name]) => echoWithAccount(space, name, SERVER)));
  apply(safe, safeRoute, gateway);
  untilRolledOut(...PODS.map(([space, name]) => [space, `deployment/${name}`] as const));
  authority = { certificate: secret("tls.crt"), key: secret("tls.key") };
});
const { kubectl, apply } = used;

const MESHED = { "trilith.dev/mesh": "enabled" };
/** Each with a ServiceAccount of its name. */
const PODS = [
  ["vault", "safe"],
  ["shop", "friend"],
  ["plain", "outsider"],
] as const;
type Place = (typeof PODS)[number];

const SERVER = {
  args: ["--port=8080", "--tcp=9090", "--grpc=7070"],
  container: {
    startupProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
    readinessProbe: { grpc: { port: 7070 }, periodSeconds: 1, failureThreshold: 1 },
    livenessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 1, failureThreshold: 2 },
  },
};

const safe = echoService("vault", "safe");
/** By which callers know that it is HTTP; for the Gateway as well. */
const safeRoute = httpRoute("vault", "safe", [serviceParent("safe", 80), { name: "door" }], "safe");
const doorSecret = ({ certificate, key }: KeyPair): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "door", namespace: "vault" },
  type: "kubernetes.io/tls",
  stringData: { "tls.crt": certificate, "tls.key": key },
});
/** Its certificate is a secret of the namespace. */
const gateway = webGateway("vault", "door", {
  listeners: [
    { name: "http", port: 80, protocol: "HTTP" },
    { name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "door" }] } },
  ],
});

const policy = (name: string, spec: object): object => accessPolicy("vault", name, spec);
const strict = policy("strict", { action: "Deny", rules: [{ sources: [{ type: "Outside" }] }] });

const remove = (...names: readonly string[]): string => kubectl("-n", "vault", "delete", "accesspolicy", ...names);

function podOf([space, name]: Place): { readonly name: string; readonly address: string } {
  const fields = "{.items[0].metadata.name} {.items[0].status.podIP}";
  const output = kubectl("-n", space, "get", "pods", "-l", `name=${name}`, "-o", `jsonpath=${fields}`);
  const [pod = "", address = ""] = output.split(" ");
  return { name: pod, address };
}

const SAFE = PODS[0];
const FRIEND = PODS[1];
const OUTSIDER = PODS[2];

/** What the client of a caller says; it fails where a call does. */
const call = ([space, name]: Place, ...args: readonly string[]): string =>
  used.cluster.kubectl(clientOf(space, name, "--timeout=3s", ...args)).output;

/** By HTTP and by TCP. */
const reaches = (caller: Place): string[] =>
  ["http://safe.vault/", "tcp://safe.vault:9090"].map((url) =>
    countStatuses(call(caller, "--count=2", url))["200"] === 2 ? "reached" : "refused",
  );

const settled = { timeout: 20_000 };

/** The sum of all series of the name, with these labels. */
function sumIn(page: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = page
    .split("\n")
    .filter((line) => line.split(/[{ ]/)[0]?.endsWith(name) && wanted.every((label) => line.includes(label)));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const page = (address: string, port: number, path: string): string =>
  used.cluster.run("curl", ["-s", "-m", "5", `http://${address}:${port}${path}`]).output;

/** By the workload's sidecar. */
const counted = (name: string, labels?: Readonly<Record<string, string>>): number =>
  sumIn(page(podOf(SAFE).address, 15_020, "/stats/prometheus"), name, labels);

/** By all replicas of the controller. */
function countedByControl(name: string, labels?: Readonly<Record<string, string>>): number {
  const selector = ["-n", "trilith-system", "get", "pods", "-l", "app.kubernetes.io/name=trilith"];
  const addresses = kubectl(...selector, "-o", "jsonpath={.items[*].status.podIP}").split(" ");
  return addresses.reduce((sum, address) => sum + sumIn(page(address, 19_000, "/metrics"), name, labels), 0);
}

/** How much the count grows by what is done. */
async function growthOf(count: () => number, act: () => void | Promise<void>): Promise<number> {
  const before = count();
  await act();
  return count() - before;
}

function runScript(script: string, input: object): unknown {
  const { status, output } = used.cluster.run(process.execPath, [join(import.meta.dirname, script)], {
    input: JSON.stringify(input),
  });
  if (status !== 0) throw new Error(output);
  return JSON.parse(output);
}

let authority: KeyPair;

const secret = (field: string): string =>
  Buffer.from(
    kubectl("-n", "trilith-system", "get", "secret/trilith-ca", "-o", `jsonpath={.data.${field.replace(".", "\\.")}}`),
    "base64",
  ).toString();

describe.skipIf(!inject("canRunCluster"))("somebody", { timeout: 180_000 }, () => {
  describe("outside the mesh", () => {
    test("reaches a workload that is not strict, and is refused by one that is, while those in the mesh go on", async () => {
      expect([reaches(FRIEND), reaches(OUTSIDER)]).toEqual([
        ["reached", "reached"],
        ["reached", "reached"],
      ]);
      const calls = ["client", "--count=300", "--qps=60", "--timeout=60s", "http://safe.vault/"];
      const going = used.cluster.kubectlBeside(["-n", "shop", "exec", "deploy/friend", "-c", "echo", "--", ...calls]);
      apply(strict);
      await expect.poll(() => reaches(OUTSIDER), settled).toEqual(["refused", "refused"]);
      const { output } = await going;
      expect([countStatuses(output), reaches(FRIEND)]).toEqual([{ 200: 300 }, ["reached", "reached"]]);
    });

    test("is refused by a strict one whatever it says, and if it says nothing; each time it is counted and logged", async () => {
      const { address } = podOf(SAFE);
      const dial = (...command: readonly string[]): string => {
        const { status, output } = used.cluster.run("timeout", ["8", ...command]);
        return status === 124 ? "left open" : output.includes("Hostname=") ? "reached" : "closed";
      };
      const outcomes: string[] = [];
      const refused = await growthOf(
        () => counted("downstream_cx_no_route", { envoy_tcp_prefix: "outside" }),
        () => {
          outcomes.push(
            dial("curl", "-s", `http://${address}:8080/`),
            dial("curl", "-s", "--http2-prior-knowledge", `http://${address}:8080/`),
            dial("openssl", "s_client", "-quiet", "-connect", `${address}:8080`),
            dial("bash", "-c", `cat < /dev/tcp/${address}/9090`),
          );
        },
      );
      expect([outcomes, refused]).toEqual([["closed", "closed", "closed", "closed"], 4]);
      const logged = (): number =>
        used.sidecarLog("vault", "deploy/safe").filter((line) => line.includes("refused_outside_mesh")).length;
      await expect.poll(logged, settled).toBeGreaterThanOrEqual(4);
    });

    test("is not taken for the kubelet, whose probes by HTTP, TCP and gRPC reach a strict workload", () => {
      const before = kubectl("-n", "vault", "get", "pods", "-l", "name=safe", "-o", "name").trim();
      kubectl("-n", "vault", "rollout", "restart", "deployment/safe");
      kubectl("-n", "vault", "rollout", "status", "deployment/safe", "--timeout=90s");
      kubectl("-n", "vault", "wait", "--for=delete", before, "--timeout=90s");
      const restarts = "jsonpath={.items[*].status.containerStatuses[*].restartCount}";
      expect(new Set(kubectl("-n", "vault", "get", "pods", "-l", "name=safe", "-o", restarts).split(" "))).toEqual(
        new Set(["0"]),
      );
      // What the kubelet asks can be asked by others, and answers nothing else.
      const { address } = podOf(SAFE);
      const asked = (path: string): string =>
        used.cluster.run("curl", [
          "-s",
          "-m",
          "5",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          `http://${address}:15021${path}`,
        ]).output;
      expect([asked("/probes/echo/startup"), asked("/probes/echo/startup/../../../"), asked("/")]).toEqual([
        "200",
        "404",
        "404",
      ]);
    });

    test("does not get through as a Gateway's client where the Gateway is let in, and nobody else gets through as the Gateway", async () => {
      const door = kubectl("-n", "vault", "get", "gateway/door", "-o", "jsonpath={.status.addresses[0].value}");
      const throughDoor = (): string => used.cluster.run("curl", ["-s", "-m", "5", `http://${door}/`]).output;
      await expect.poll(throughDoor, settled).toContain("Hostname=safe");
      expect(reaches(OUTSIDER)).toEqual(["refused", "refused"]);
    });
  });

  describe("who speaks to the control plane", () => {
    const tokenOf = ([space, name]: Place, ...more: readonly string[]): string => {
      const bound = ["--bound-object-kind=Pod", `--bound-object-name=${podOf([space, name] as Place).name}`];
      return kubectl("-n", space, "create", "token", name, "--audience=trilith.dev/xds", ...bound, ...more).trim();
    };

    function ask(call: Pick<XdsCall, "node"> & Partial<XdsCall>): XdsAnswer {
      const address = kubectl("-n", "trilith-system", "get", "service/trilith", "-o", "jsonpath={.spec.clusterIP}");
      const roots = kubectl("-n", "vault", "get", "configmap/trilith-root", "-o", String.raw`jsonpath={.data.ca\.crt}`);
      return runScript("xds-caller.ts", {
        url: `https://${address.trim()}:18000`,
        serverName: "trilith.trilith-system.svc",
        authorities: roots,
        secrets: ["mesh/identity"],
        ...call,
      } satisfies XdsCall) as XdsAnswer;
    }

    const refusals = (reason: string) => () =>
      countedByControl("trilith_callers_refused_total", { caller: "proxy", reason });

    const nodeOf = (place: Place, cluster = `mesh/${place[0]}/${place[1]}`): XdsCall["node"] => ({
      id: podOf(place).name,
      cluster,
    });

    test("is given what is its own account's, and no other secret, whatever it asks for", async () => {
      const others = ["certificate/vault/door", "mesh/vault/safe", "trust/vault/door"];
      let answer: XdsAnswer = {};
      const withheld = await growthOf(
        () => countedByControl("trilith_xds_withheld_total", { resource: "secret" }),
        () => {
          const secrets = ["mesh/identity", ...others];
          answer = ask({ node: nodeOf(FRIEND), token: tokenOf(FRIEND), secrets });
        },
      );
      expect([answer, withheld]).toEqual([
        { given: ["mesh/identity URI:spiffe://cluster.local/ns/shop/sa/friend", "mesh/trust"] },
        1,
      ]);
    });

    test("is refused with its own token as somebody else, and with another pod's as itself", async () => {
      const token = tokenOf(FRIEND);
      const answers: XdsAnswer[] = [];
      const growth = await growthOf(refusals("wrongClaim"), () => {
        answers.push(
          ask({ node: nodeOf(FRIEND, "mesh/vault/safe"), token }),
          ask({ node: nodeOf(SAFE), token }),
          ask({ node: { id: "friend-0", cluster: "mesh/shop/friend" }, token }),
          ask({ node: nodeOf(FRIEND), token: tokenOf(SAFE) }),
        );
      });
      expect([answers.map(({ refused }) => refused), growth]).toEqual([
        Array.from({ length: 4 }, () => "PermissionDenied"),
        4,
      ]);
    });

    test("is refused as a real sidecar, too, that says it is another workload's, and never serves", async () => {
      const before = refusals("wrongClaim")();
      const friend = kubectl("-n", "shop", "get", "pod", podOf(FRIEND).name, "-o", "json");
      apply(impostorOf(friend, "shop", "mesh/vault/safe"));
      await expect.poll(() => refusals("wrongClaim")() - before, { timeout: 60_000 }).toBeGreaterThan(1);
      const started = "jsonpath={.status.initContainerStatuses[0].started} {.status.phase}";
      expect(kubectl("-n", "shop", "get", "pod/impostor", "-o", started)).toBe("false Pending");
      kubectl("-n", "shop", "delete", "pod/impostor", "--wait=false");
    });

    test("is refused without a token, with one for another audience, and as a pod outside the mesh", async () => {
      const outcomes: (string | undefined)[] = [];
      const growths = [
        await growthOf(refusals("noToken"), () => void outcomes.push(ask({ node: nodeOf(FRIEND) }).refused)),
        await growthOf(refusals("wrongAudience"), () => {
          const token = kubectl("-n", "shop", "create", "token", "friend").trim();
          outcomes.push(ask({ node: nodeOf(FRIEND), token }).refused);
        }),
        await growthOf(refusals("unknownAccount"), () => {
          const token = tokenOf(OUTSIDER);
          outcomes.push(ask({ node: nodeOf(OUTSIDER), token }).refused);
        }),
      ];
      expect([outcomes, growths]).toEqual([
        ["Unauthenticated", "Unauthenticated", "PermissionDenied"],
        [1, 1, 1],
      ]);
    });
  });

  describe("with a certificate", () => {
    const ID = "spiffe://cluster.local/ns/shop/sa/friend";
    const HOUR_MS = 3_600_000;
    /** Hours from now. */
    const lifetime = (from: number, to: number): { readonly notBefore: Date; readonly notAfter: Date } => ({
      notBefore: new Date(Date.now() + from * HOUR_MS),
      notAfter: new Date(Date.now() + to * HOUR_MS),
    });
    const good = (): Promise<KeyPair> => issueWorkloadCertificate(authority, ID, lifetime(-1, 1));

    function send(
      protocol: MeshCalls["protocol"],
      requests: readonly Buffer[],
      certificate: KeyPair | undefined,
    ): readonly MeshAnswer[] {
      return runScript("mesh-caller.ts", {
        host: podOf(SAFE).address,
        port: 8080,
        protocol,
        requests: requests.map((request) => request.toString("base64")),
        ...(certificate && { certificate }),
      } satisfies MeshCalls) as readonly MeshAnswer[];
    }

    /** What the workload says it was asked, `denied` by a policy, or `broken` otherwise. */
    function outcomeOf({ text }: MeshAnswer): string {
      const asked = ["Method", "URL"].map((field) => new RegExp(`^${field}=(.*)$`, "m").exec(text)?.[1]);
      if (asked.every((value) => value !== undefined)) return asked.join(" ");
      return text.includes("RBAC: access denied") ? "denied" : "broken";
    }

    test("that is good, is let in; with none, one that has expired, is not yet good or of another root, is not", async () => {
      const stranger = await createCertificateAuthority("Trilith control plane");
      const certificates = {
        none: undefined,
        expired: await issueWorkloadCertificate(authority, ID, lifetime(-2, -1)),
        early: await issueWorkloadCertificate(authority, ID, lifetime(1, 2)),
        "of another root": await stranger.issue({ commonName: "", names: [ID], use: "client" }),
        good: await good(),
      };
      const outcomes: [string, string, number][] = [];
      const errors = (): number => counted("ssl_fail_verify_error") + counted("ssl_fail_verify_no_cert");
      for (const [name, certificate] of Object.entries(certificates)) {
        const growth = await growthOf(errors, () => {
          const [answer = { text: "" }] = send("trilith-http/1.1", [plainRequest("GET / HTTP/1.1")], certificate);
          outcomes.push([name, outcomeOf(answer), 0]);
        });
        (outcomes.at(-1) ?? [])[2] = growth;
      }
      expect(outcomes).toEqual([
        ["none", "broken", 1],
        ["expired", "broken", 1],
        ["early", "broken", 1],
        ["of another root", "broken", 1],
        ["good", "GET /", 0],
      ]);
    });

    describe("gets nothing by a trick that a policy does not allow", () => {
      const items = { methods: ["GET"], paths: [{ type: "PathPrefix", value: "/items" }] };
      const allow = policy("items", { rules: [{ sources: [{ type: "Mesh" }], requests: [items] }] });
      const deny = policy("no-admin", {
        action: "Deny",
        rules: [{ requests: [{ paths: [{ type: "PathPrefix", value: "/admin" }] }] }],
      });

      /** In HTTP/1.1, and in HTTP/2. */
      async function outcomesOf(paths: readonly string[]): Promise<string[]> {
        const certificate = await good();
        const lines = paths.map((path) => plainRequest(`GET ${path} HTTP/1.1`));
        const frames = paths.map((path) => framedRequest({ ":path": path }));
        const answers = [...send("trilith-http/1.1", lines, certificate), ...send("trilith-h2", frames, certificate)];
        return answers.map(outcomeOf);
      }

      /** Which of them got where. */
      const gotThrough = (tricks: readonly string[], outcomes: readonly string[]): string[] =>
        outcomes.flatMap((outcome, index) =>
          outcome === "denied" || outcome === "broken" ? [] : `${tricks[index % tricks.length]}: ${outcome}`,
        );

      const inForce = (path: string, outcome: string): Promise<void> =>
        expect.poll(async () => [...new Set(await outcomesOf([path]))], settled).toEqual([outcome]);

      async function expectRefused(paths: readonly string[]): Promise<void> {
        const growth = await growthOf(
          () => counted("rbac_denied"),
          async () => expect(gotThrough(paths, await outcomesOf(paths))).toEqual([]),
        );
        // Those that are no proper HTTP are counted among bad requests.
        expect(growth).toBeGreaterThan(paths.length);
      }

      test("by a path", async () => {
        apply(allow);
        await inForce("/admin", "denied");
        await expectRefused(PATHS_OUT_OF_ITEMS);
        expect(new Set(await outcomesOf(["/items", "/items/1?to=/../admin"]))).toEqual(
          new Set(["GET /items", "GET /items/1?to=/../admin"]),
        );
      });

      test.each([
        ["headers of HTTP/1.1, repeated or in contradiction", "trilith-http/1.1", HEADER_TRICKS],
        ["pseudo-headers of HTTP/2, repeated, missing, late or malformed", "trilith-h2", PSEUDO_HEADER_TRICKS],
      ] as const)("by %s", async (_, protocol, tricks) => {
        const certificate = await good();
        const outcomes: string[] = [];
        const growth = await growthOf(
          () => counted("rbac_denied") + counted("downstream_rq_4xx") + counted("downstream_cx_protocol_error"),
          () => void outcomes.push(...send(protocol, Object.values(tricks), certificate).map(outcomeOf)),
        );
        expect(gotThrough(Object.keys(tricks), outcomes)).toEqual([]);
        expect(growth).toBeGreaterThanOrEqual(Object.keys(tricks).length);
      });

      test("to what is denied, where everything else is allowed", async () => {
        apply(deny, policy("items", { rules: [{ sources: [{ type: "Mesh" }] }] }));
        await inForce("/other", "GET /other");
        await expectRefused(PATHS_TO_ADMIN);
        remove("items", "no-admin");
      });
    });
  });
});
