/**
 * Oracle 2: an evaluator that reads the specification plainly, and a real Envoy behind the whole of Trilith, give the same
 * answer to random requests about random configurations. A failure prints its seed and is shrunk.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, assert, asyncProperty } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evaluate } from "../../src/insight/index.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { freePorts } from "../support/free-ports.ts";
import { ask, differenceOf } from "./compare-answers.ts";
import { fixedObjects } from "./fixed-objects.ts";
import { configuration, request } from "./random-configuration.ts";
import { SERVICES } from "./random-rules.ts";
import { ServedGateway, validated } from "./served-gateway.ts";

const CONFIGURATIONS = Number(process.env["TRILITH_ORACLE_RUNS"] ?? 300);
const REQUESTS = 40;

let gateway: ServedGateway;
let backends: readonly EchoServer[];

beforeAll(async () => {
  // Each answers with the name by which the evaluator calls it.
  const names = Object.entries(SERVICES).map(([name, namespace]) => `${namespace}/${name}:80`);
  backends = await Promise.all(names.map(startEchoServer));
  gateway = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-oracle-")));
}, 60_000);

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all(backends.map((backend) => backend.stop()));
}, 60_000);

test("Envoy answers random requests as the evaluator says", async () => {
  const [http = 0, https = 0] = await freePorts(2);
  const ports = { http, https };
  const services = Object.entries(SERVICES).map(([name, namespace], i) => {
    return { name, namespace, port: backends[i]?.port ?? 0 };
  });
  const fixed = validated(await fixedObjects(services));
  const property = asyncProperty(
    configuration(ports),
    array(request(ports), { minLength: REQUESTS, maxLength: REQUESTS }),
    async (stated, requests) => {
      const objects = [...fixed, ...validated(stated)];
      await gateway.serve(objects);
      const compared = requests.map(async (asked) => {
        const difference = differenceOf(asked, evaluate(objects, asked), await ask(asked));
        return difference === undefined ? [] : [`${asked.method} ${JSON.stringify(asked)}: ${difference}`];
      });
      expect((await Promise.all(compared)).flat()).toEqual([]);
    },
  );
  const seed = process.env["TRILITH_ORACLE_SEED"];
  await assert(property, {
    numRuns: CONFIGURATIONS,
    ...(seed !== undefined && { seed: Number(seed) }),
    interruptAfterTimeLimit: 400_000,
  });
});
