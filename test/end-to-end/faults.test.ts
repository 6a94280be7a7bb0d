/** What goes wrong around a running `trilith serve`, done to the real program: processes killed, files of every bad kind, ports taken. */
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startHttpBackend, startUdpBackend } from "../backends/index.ts";
import type { Backend } from "../backends/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import type { CertificateAuthority } from "../support/certificate-authority.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { senderOf } from "../support/load-senders.ts";
import type { LoadProtocol } from "../support/load-senders.ts";
import { documents, gateway, route, service, tlsSecret, to } from "../support/manifests.ts";
import type { ListenerManifest, Manifest } from "../support/manifests.ts";
import { LoadTarget, PacedLoad } from "../support/paced-load.ts";
import { ServedDirectory } from "../support/served-directory.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

const HEALTHY = [
  "Accepted=True/Accepted",
  "Conflicted=False/NoConflicts",
  "Programmed=True/Programmed",
  "ResolvedRefs=True/ResolvedRefs",
];
const UNAVAILABLE = [
  "Accepted=False/PortUnavailable",
  "Conflicted=False/NoConflicts",
  "Programmed=False/PortUnavailable",
  "ResolvedRefs=True/ResolvedRefs",
];

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly taken: number;
  readonly udp: number;
}

let authority: CertificateAuthority;
let served: ServedDirectory;
let ports: Ports;
let backend: Backend;
let udpBackend: Backend;
const loads: PacedLoad[] = [];

beforeEach(async () => {
  const [http = 0, https = 0, taken = 0, udp = 0] = await freePorts(4);
  ports = { http, https, taken, udp };
  authority = await createCertificateAuthority();
  backend = await startHttpBackend({ name: "one" });
  udpBackend = await startUdpBackend({ name: "datagrams" });
  served = await ServedDirectory.create();
  writeGateway([]);
  served.write("services.yaml", [
    ...service("one", [backend.port]),
    ...service("datagrams", [udpBackend.port], { protocol: "UDP" }),
  ]);
  await writeSecret("secure");
  served.write("routes.yaml", [shop("shop", "shop.test"), shop("secure", "secure.test")]);
});

afterEach(async () => {
  for (const load of loads.splice(0)) await load.stop();
  await served[Symbol.asyncDispose]();
  await backend.close();
  await udpBackend.close();
});

const shop = (name: string, hostname: string): Manifest =>
  route({ name, parent: "edge", hostnames: [hostname], rules: [{ backendRefs: [to("one")] }] });

const httpsListener = (name: string): ListenerManifest => ({
  name,
  port: ports.https,
  protocol: "HTTPS",
  hostname: `${name}.test`,
  certificate: name,
});

function writeGateway(more: readonly ListenerManifest[]): void {
  const listeners = [{ name: "http", port: ports.http }, httpsListener("secure"), ...more];
  served.write("gateway.yaml", [gateway("edge", listeners)]);
}

async function writeSecret(name: string): Promise<void> {
  const pem = await authority.issue({ commonName: name, names: [`${name}.test`] });
  served.write(`secret-${name}.yaml`, [tlsSecret(name, pem)]);
}

/** Who answers, or the status, or the error. */
async function ask(host: string, protocol: LoadProtocol = "http1-new", port?: number): Promise<string> {
  const sender = senderOf(protocol);
  const at = port ?? (protocol === "https" ? ports.https : ports.http);
  const answer = await sender
    .send({ port: at, host, path: "/", id: "fault" })
    .catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  sender.close();
  return answer;
}

const listenerConditions = (name: string): Promise<readonly string[]> => served.conditions("Gateway", "edge", name);

/** Until all of it serves and says so. */
async function untilHealthy(boundMs?: number): Promise<void> {
  const look = async (): Promise<boolean> =>
    (await ask("shop.test")) === "one" &&
    (await ask("secure.test", "https")) === "one@secure" &&
    (await listenerConditions("secure")).join() === HEALTHY.join();
  await served.until("everything to serve", look, boundMs);
}

/** Clients of every kind that must not notice. */
function startLoad(): PacedLoad {
  const load = new PacedLoad("faults");
  for (const protocol of ["http1", "http1-new", "http2"] as const)
    load.add(new LoadTarget({ protocol, port: ports.http, host: "shop.test", path: "/" }, ["one"]));
  const secure = { protocol: "https", port: ports.https, host: "secure.test", path: "/" } as const;
  load.add(new LoadTarget(secure, ["one@secure"]));
  loads.push(load);
  return load;
}

async function errors(): Promise<readonly string[]> {
  const { diagnostics } = await served.status();
  return diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

async function untilError(pattern: RegExp): Promise<void> {
  await served.until(`an error like ${pattern.source}`, async () =>
    (await errors()).some((message) => pattern.test(message)),
  );
}

async function untilNoError(): Promise<void> {
  await served.until("no error", async () => (await errors()).length === 0);
}

describe.skipIf(envoyBinary() === undefined)("processes that die", () => {
  test("Envoy, killed, is back within seconds, with everything, and the statuses are right", async () => {
    await served.start();
    await untilHealthy();
    const [pid = 0, began] = [served.envoyPid(), performance.now()];
    process.kill(pid, "SIGKILL");
    await served.until("another Envoy", () => {
      const now = served.envoyPid();
      return now !== undefined && now !== pid;
    });
    await untilHealthy(5_000);
    console.log(`Envoy killed: everything served again after ${Math.round(performance.now() - began)} ms`);
    expect(await served.conditions("HTTPRoute", "shop")).toEqual([
      "Accepted=True/Accepted",
      "ResolvedRefs=True/ResolvedRefs",
      "trilith.dev/Programmed=True/Programmed",
    ]);
  });

  test("the control plane, killed under load, fails no request, and the next one sends only what is new", async () => {
    await served.start();
    await untilHealthy();
    const load = startLoad();
    const socket = await WebSocketClient.open(ports.http, "shop.test", "/");
    await load.more(10);
    const envoy = served.envoyPid();
    await served.end("SIGKILL");
    await load.more(20);
    served.write("later.yaml", [shop("later", "later.test")]);
    await served.start();
    await untilHealthy();
    await load.more(20);
    socket.send("still there");
    const echoed = [await socket.receive(), await socket.receive()];
    socket.close();
    const sent = await served.sentResources();
    console.log(`control plane killed: ${load.requests} requests, ${load.failures.length} failed; then sent`, sent);
    expect({ failures: load.failures, envoy: served.envoyPid(), later: await ask("later.test"), sent, echoed }).toEqual(
      {
        failures: [],
        echoed: ["one", "still there"],
        envoy,
        later: "one",
        sent: { virtualHost: 1 },
      },
    );
  });

  test("with both killed, the next start serves all of it", async () => {
    await served.start();
    const envoy = served.envoyPid() ?? 0;
    await served.end("SIGKILL");
    process.kill(envoy, "SIGKILL");
    await served.start();
    await untilHealthy();
    expect(served.envoyPid()).not.toBe(envoy);
  });
});

describe.skipIf(envoyBinary() === undefined)("a state directory that cannot be written", () => {
  // A device that takes nothing ("No space left on device") is no place to read from; a directory fails both.
  const obstacles: readonly (readonly [file: string, put: (path: string) => void, code: string])[] = [
    ["bootstrap.json.new", (path) => symlinkSync("/dev/full", path), "ENOSPC"],
    ["envoy.json", (path) => mkdirSync(path), "EISDIR"],
  ];

  test.each(obstacles)("fails the start with one clear line and leaves no Envoy (%s)", async (file, put, code) => {
    mkdirSync(served.stateDirectory);
    put(join(served.stateDirectory, file));
    const said = await served.start().catch((error: Error) => error.message);
    expect(said).toBe(`Trilith ended: ${served.log.at(0)}`);
    expect(said).toContain(`trilith: The state directory ${served.stateDirectory} cannot be written: ${code}: `);
    expect([served.log.length, processesOn(served.stateDirectory)]).toEqual([1, []]);
  });
});

/** The command lines of processes that name the path. */
function processesOn(path: string): string[] {
  const numbers = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return numbers.map(commandLineOf).filter((line) => line.includes(path));
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

describe.skipIf(envoyBinary() === undefined)("files of every bad kind", () => {
  test("what cannot be read holds its last good state, is told, and disturbs nobody", async () => {
    await served.start();
    await untilHealthy();
    const load = startLoad();
    const good = documents([shop("shop", "shop.test"), shop("secure", "secure.test")]);
    const level = (index: number): string =>
      `l${index}: &l${index} [${Array(9)
        .fill(`*l${index - 1}`)
        .join(",")}]`;
    const bomb = ["l0: &l0 [x]", ...Array.from({ length: 12 }, (_, index) => level(index + 1))].join("\n");
    const faults: readonly (readonly [text: string, told: RegExp])[] = [
      ["kind: [HTTPRoute", /./],
      [bomb, /alias/],
      [`x: ${"[".repeat(50_000)}`, /./],
      [`# ${"x".repeat(17 * 1024 * 1024)}\n`, /bytes/],
      [String.fromCharCode(...Array(256).keys()).repeat(50), /./],
      [good.replace('"one"', "1"), /text/],
    ];
    for (const [text, told] of faults) {
      served.write("routes.yaml", text);
      await untilError(told);
      expect(await ask("shop.test")).toBe("one");
      served.write("routes.yaml", good);
      await untilNoError();
    }
    expect(load.failures).toEqual([]);
  });

  test("a file of 5 MB and one of 10,000 documents are followed", async () => {
    await served.start();
    await untilHealthy();
    const load = startLoad();
    served.write("large.yaml", `# ${"x".repeat(5_000_000)}\n${documents([shop("large", "large.test")])}`);
    await served.until("the large file's host", async () => (await ask("large.test")) === "one");
    const began = performance.now();
    const many = Array.from({ length: 10_000 }, (_, index) => shop(`many-${index}`, `h${index}.many.test`));
    served.write("many.yaml", documents(many));
    await served.until("the last of many hosts", async () => (await ask("h9999.many.test")) === "one", 60_000);
    const first = Math.round(performance.now() - began);
    served.remove("many.yaml");
    await served.until("no more of them", async () => (await ask("h9999.many.test")) === "status 404", 60_000);
    console.log(`10,000 documents: the last served after ${first} ms; ${load.requests} other requests meanwhile`);
    expect(load.failures).toEqual([]);
  });

  test("of an object in two files the first counts, and the other is told with its place", async () => {
    served.write("zz.yaml", [shop("shop", "other.test")]);
    await served.start();
    await untilHealthy();
    const { diagnostics } = await served.status();
    expect(diagnostics.map(({ file, severity, message }) => [file, severity, message])).toEqual([
      [join(served.files, "zz.yaml"), "error", expect.stringContaining("HTTPRoute default/shop is stated twice")],
    ]);
    expect(await ask("other.test")).toBe("status 404");
    served.remove("routes.yaml");
    await served.until("the other file's route", async () => (await ask("other.test")) === "one");
  });

  test("a directory that vanishes keeps serving, and is followed again when it is back", async () => {
    await served.start();
    await untilHealthy();
    const load = startLoad();
    renameSync(served.files, `${served.files}.away`);
    await untilError(/no such file or folder/);
    await load.more(10);
    renameSync(`${served.files}.away`, served.files);
    await untilNoError();
    served.write("later.yaml", [shop("later", "later.test")]);
    await served.until("an edit to be followed", async () => (await ask("later.test")) === "one");
    expect(load.failures).toEqual([]);
  });

  test("a mount as Kubernetes makes it is followed from one version to the next", async () => {
    const mount = join(served.files, "mounted");
    mkdirSync(mount);
    const publish = (version: string, hostname: string): void => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, "route.yaml"), documents([shop("mounted", hostname)]));
      symlinkSync(version, join(mount, "..data_tmp"));
      renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    publish("..1", "first.test");
    symlinkSync(join("..data", "route.yaml"), join(mount, "route.yaml"));
    await served.start();
    await served.until("the first version", async () => (await ask("first.test")) === "one");
    publish("..2", "second.test");
    rmSync(join(mount, "..1"), { recursive: true });
    await served.until("the second version", async () => (await ask("second.test")) === "one");
    await served.until("the first version gone", async () => (await ask("first.test")) === "status 404");
  });
});

describe.skipIf(envoyBinary() === undefined)("certificates that are no good", () => {
  test("one whose key is another's fails its listener alone; one that has expired is served with a warning", async () => {
    const [good, other] = await Promise.all(
      ["wrong", "other"].map(async (name) => await authority.issue({ commonName: name, names: [`${name}.test`] })),
    );
    const pem = { certificate: good?.certificate ?? "", key: other?.key ?? "" };
    const expired = await authority.issueExpired("expired", ["expired.test"]);
    served.write("certificates.yaml", [tlsSecret("wrong", pem), tlsSecret("expired", expired)]);
    served.write("more.yaml", [shop("wrong", "wrong.test"), shop("expired", "expired.test")]);
    writeGateway([httpsListener("wrong"), httpsListener("expired")]);
    await served.start();
    await untilHealthy();
    const { diagnostics } = await served.status();
    expect(diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
      ["warning", expect.stringContaining("has expired")],
      ["error", expect.stringContaining("its tls.key is not the key of the first certificate")],
    ]);
    expect({
      wrong: await listenerConditions("wrong"),
      expired: await listenerConditions("expired"),
      answers: [await ask("expired.test", "https"), await ask("wrong.test", "https")],
    }).toEqual({
      wrong: [
        "Accepted=True/Accepted",
        "Conflicted=False/NoConflicts",
        "Programmed=False/Invalid",
        "ResolvedRefs=False/InvalidCertificateRef",
      ],
      expired: HEALTHY,
      answers: ["one@expired", "ECONNRESET"],
    });
    if (good) served.write("certificates.yaml", [tlsSecret("wrong", good), tlsSecret("expired", expired)]);
    await served.until("the mended certificate", async () => (await ask("wrong.test", "https")) === "one@wrong");
  });

  test("one that goes bad while it is in use does not take its host's neighbours down", async () => {
    await writeSecret("second");
    writeGateway([httpsListener("second")]);
    served.write("more.yaml", [shop("second", "second.test")]);
    await served.start();
    await served.until("the second host", async () => (await ask("second.test", "https")) === "one@second");
    const load = startLoad();
    served.write("secret-second.yaml", [tlsSecret("second", { certificate: "none", key: "none" })]);
    await served.until("the status", async () =>
      (await listenerConditions("second")).includes("ResolvedRefs=False/InvalidCertificateRef"),
    );
    await load.more(10);
    await writeSecret("second");
    await served.until("the second host again", async () => (await ask("second.test", "https")) === "one@second");
    expect(load.failures).toEqual([]);
  });
});

describe.skipIf(envoyBinary() === undefined)("ports that somebody else has", () => {
  const more = (): readonly ListenerManifest[] => [
    { name: "taken", port: ports.taken },
    { name: "udp", port: ports.udp, protocol: "UDP" },
  ];

  async function occupy(): Promise<() => void> {
    const tcp = createServer((connection) => connection.destroy()).listen(ports.taken, "127.0.0.1");
    const udp = createSocket("udp4").bind(ports.udp, "127.0.0.1");
    await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      tcp.close();
      udp.close();
    };
  }

  /** Asked again and again, since the answer to a datagram may never come. */
  async function datagramAnswer(): Promise<string> {
    const socket: Socket = createSocket("udp4");
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.on("message", (message) => resolve(message.toString()));
    const asking = setInterval(() => socket.send("hello", ports.udp, "127.0.0.1"), 50);
    const late = setTimeout(() => resolve("nobody answers"), 5_000);
    const answer = await promise;
    clearInterval(asking);
    clearTimeout(late);
    socket.close();
    return answer;
  }

  test.each(["at the start", "while serving"])(
    "are told (%s), the others serve, and they heal when it is freed",
    async (when) => {
      const rules = [{ backendRefs: [to("datagrams")] }];
      served.write("udp.yaml", [route({ kind: "UDPRoute", name: "udp", parent: "edge", section: "udp", rules })]);
      const free = await occupy();
      try {
        if (when === "at the start") writeGateway(more());
        await served.start();
        const load = startLoad();
        writeGateway(more());
        await served.until("both to be told", async () => {
          const [tcp, udp] = [await listenerConditions("taken"), await listenerConditions("udp")];
          return tcp.join() === UNAVAILABLE.join() && udp.join() === UNAVAILABLE.join();
        });
        expect(await errors()).toEqual(
          expect.arrayContaining([
            `127.0.0.1:${ports.taken}/tcp cannot be listened on: another process has it`,
            `127.0.0.1:${ports.udp}/udp cannot be listened on: another process has it`,
          ]),
        );
        await untilHealthy();
        free();
        await served.until("both to heal", async () => {
          const [tcp, udp] = [await listenerConditions("taken"), await listenerConditions("udp")];
          return tcp.join() === HEALTHY.join() && udp.join() === HEALTHY.join();
        });
        expect([await ask("shop.test", "http1-new", ports.taken), await datagramAnswer()]).toEqual([
          "one",
          "datagrams: hello",
        ]);
        expect(load.failures).toEqual([]);
      } finally {
        free();
      }
    },
  );
});
