/** Whether a host of many rules stays about as large as its rules, in the shapes that a tree could blow up. */
import { toBinary } from "@bufbuild/protobuf";
import { virtualHostOf } from "../src/envoy/http/virtual-host.ts";
import { MAX_RESOURCE_BYTES } from "../src/envoy/index.ts";
import { VirtualHostSchema } from "../src/generated/envoy/config/route/v3/route_components_pb.ts";
import { flatHostOf } from "./flat-host.ts";
import { byExpression, byHeader, byPrefix, casesOf, edgeGateway, HOST, onRoot, routesOf } from "./rule-shapes.ts";
import type { MatchCase } from "./rule-shapes.ts";
import type { Section } from "./section.ts";
import { hostOf, translated } from "./translated.ts";

const MOST = 3;

const HOSTS: readonly (readonly [string, readonly MatchCase[]])[] = [
  ["10,000 prefixes", casesOf(byPrefix, 10_000)],
  ["10,000 prefixes, 1,000 rules on /", [...casesOf(byPrefix, 10_000), ...casesOf(onRoot, 1_000)]],
  ["10,000 prefixes, 1,000 tenants on /", [...casesOf(byPrefix, 10_000), ...casesOf(byHeader, 1_000)]],
  ["10,000 prefixes, 1,000 expressions", [...casesOf(byPrefix, 10_000), ...casesOf(byExpression, 1_000)]],
  [
    "all of them",
    [byExpression, onRoot, byHeader].flatMap((shape) => casesOf(shape, 1_000)).concat(casesOf(byPrefix, 10_000)),
  ],
];

interface Sized {
  readonly name: string;
  readonly rules: number;
  readonly listBytes: number;
  readonly bytes: number;
  readonly encodeMs: number;
}

export const size: Section = {
  name: "size",
  title: "Size of a host of many rules",
  // oxlint-disable-next-line typescript/require-await -- the other sections wait
  measure: async (tell) => {
    const sized = HOSTS.map(([name, cases]) => {
      tell(name);
      return sizeOf(name, cases);
    });
    const worst = Math.max(...sized.map(({ bytes, listBytes }) => bytes / listBytes));
    return {
      method:
        "The encoded virtual host that Trilith makes of the rules beside the same routes in one list, which is the size of the rules alone. A " +
        "host above 3 MiB does not travel: it becomes a finding, and its last good version stays.",
      tables: [
        {
          title: "Encoded size",
          columns: ["rules", "list, KiB", "Trilith, KiB", "ratio", "bytes/rule", "travels"],
          rows: sized.map(({ name, rules, listBytes, bytes }) => [
            name,
            String(Math.round(listBytes / 1024)),
            String(Math.round(bytes / 1024)),
            (bytes / listBytes).toFixed(2),
            String(Math.round(bytes / rules)),
            bytes <= MAX_RESOURCE_BYTES ? "yes" : "no, too large",
          ]),
        },
        {
          title: "Planning and encoding, on this machine",
          columns: ["rules", "ms"],
          rows: sized.map(({ name, encodeMs }) => [name, encodeMs.toFixed(0)]),
          local: true,
        },
      ],
      plots: [],
      goals: [
        {
          text: `a host takes at most ${MOST} times the size of its rules`,
          measured: `${worst.toFixed(2)} at most`,
          verdict: worst <= MOST ? "met" : "missed",
        },
      ],
    };
  },
};

function sizeOf(name: string, cases: readonly MatchCase[]): Sized {
  const host = hostOf(translated([edgeGateway(8080), ...routesOf(cases)]), HOST);
  const began = performance.now();
  const bytes = toBinary(VirtualHostSchema, virtualHostOf(host, { scheme: "http" })).byteLength;
  const encodeMs = performance.now() - began;
  const listBytes = toBinary(VirtualHostSchema, flatHostOf(host)).byteLength;
  return { name, rules: cases.length, listBytes, bytes, encodeMs };
}
