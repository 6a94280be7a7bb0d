import { expect, test } from "vitest";
import { listenerKey, proxyKey, socketKey } from "../../model/index.ts";
import { gatewayGroup, objectKey } from "../../resources/index.ts";
import type { Attachment } from "../attachment.ts";
import { serverNamesOf } from "./server-names.ts";

const gateway = { namespace: "infra", name: "web" };

/** Hosts as `domain` or `domain<route hostname`. */
function attachment(name: string, createdAt: string, ...hosts: readonly string[]): Attachment {
  const object = objectKey({ group: gatewayGroup, kind: "TLSRoute", namespace: "infra", name });
  return {
    key: name,
    parent: `${object}|0`,
    rules: `${object}|infra/web`,
    route: { kind: "TLSRoute", namespace: "infra", name, object, createdAt, generation: 1 },
    parentPath: "spec.parentRefs[0]",
    gateway,
    proxy: proxyKey("local"),
    listener: listenerKey({ kind: "Gateway", ...gateway }, "tls"),
    socket: socketKey(proxyKey("local"), "0.0.0.0", "tcp", 443),
    port: 443,
    serving: true,
    hosts: hosts.map((host) => {
      const [domain = "", routeHostname = domain] = host.split("<");
      return { domain, routeHostname };
    }),
  };
}

const namesOf = (hostname: string, attachments: readonly Attachment[]) =>
  serverNamesOf(hostname, attachments).map((name) => [name.domain, name.attachment?.route.name]);

test("a listener without routes still has its own hostname", () => {
  expect(namesOf("*.example.com", [])).toEqual([["*.example.com", undefined]]);
});

test("the more specific names come first", () => {
  expect(namesOf("*", [attachment("r", "2026-01-01T00:00:00Z", "*.com", "a.com", "*.b.com")])).toEqual([
    ["a.com", "r"],
    ["*.b.com", "r"],
    ["*.com", "r"],
    ["*", undefined],
  ]);
});

test("in the same domain the more specific hostname of a newer route wins over an older route", () => {
  const older = attachment("older", "2026-01-01T00:00:00Z", "a.example.com<*.example.com");
  const newer = attachment("newer", "2026-02-01T00:00:00Z", "a.example.com");
  expect(namesOf("a.example.com", [older, newer])).toEqual([["a.example.com", "newer"]]);
});

test("of equal hostnames the older route wins", () => {
  const [older, newer] = [
    attachment("z-older", "2026-01-01T00:00:00Z", "a.com"),
    attachment("a-newer", "2026-02-01T00:00:00Z", "a.com"),
  ];
  expect(namesOf("a.com", [newer, older])).toEqual([["a.com", "z-older"]]);
});
