import { expect, test } from "vitest";
import { type Change, Graph, type Group } from "./index.ts";

interface Attachment {
  readonly route: string;
  readonly hosts: readonly string[];
  readonly rank?: number;
}

function attachmentsByHost() {
  const graph = new Graph();
  const attachments = graph.source<Attachment>({ name: "Attachments", key: ({ route }) => route });
  const hosts = graph.groups<Attachment>({ name: "Hosts", of: attachments, by: ({ hosts }) => hosts });
  const members = (): Record<string, string[]> =>
    Object.fromEntries([...hosts.values()].map((group) => [group.key, group.members.map(({ route }) => route)]));
  return { graph, attachments, hosts, members };
}

test("a group has the members of its token in key order, and exists while it has one", () => {
  const { attachments, members } = attachmentsByHost();
  for (const route of ["c", "a", "b"]) attachments.set({ route, hosts: ["x", "y"] });
  attachments.set({ route: "b", hosts: ["y", "z"] });
  const before = members();
  attachments.delete("a");
  attachments.delete("c");
  expect([before, members()]).toEqual([
    { x: ["a", "c"], y: ["a", "b", "c"], z: ["b"] },
    { y: ["b"], z: ["b"] },
  ]);
});

test("a change of a member changes its groups and no others, and lists once given out stay as they were", () => {
  const { graph, attachments, hosts } = attachmentsByHost();
  attachments.set({ route: "a", hosts: ["x"] });
  attachments.set({ route: "b", hosts: ["y"] });
  const told: Change<Group<Attachment>>[] = [];
  graph.subscribe(hosts, (changes) => told.push(...changes));
  attachments.set({ route: "a", hosts: ["x"], rank: 1 });
  attachments.set({ route: "a", hosts: ["x"], rank: 1 });
  expect(told).toEqual([
    {
      key: "x",
      before: { key: "x", members: [{ route: "a", hosts: ["x"] }] },
      after: { key: "x", members: [{ route: "a", hosts: ["x"], rank: 1 }] },
    },
  ]);
});

test("groups can be derived from, read and grouped again", () => {
  const { graph, attachments, hosts } = attachmentsByHost();
  const sizes = graph.groups<Group<Attachment>>({
    name: "Sizes",
    of: hosts,
    by: ({ members }) => [`${members.length}`],
  });
  const reports = graph.derive<Group<Attachment>, { host: string; alike: number; first: string | undefined }>({
    name: "Reports",
    key: ({ host }) => host,
    from: hosts,
    reads: [sizes],
    map: ({ key, members }, read) => [
      { host: key, alike: read.get(sizes, `${members.length}`)?.members.length ?? 0, first: members[0]?.route },
    ],
  });
  attachments.set({ route: "a", hosts: ["x", "y"] });
  attachments.set({ route: "b", hosts: ["y", "z"] });
  expect([...reports.values()].sort((a, b) => (a.host < b.host ? -1 : 1))).toEqual([
    { host: "x", alike: 2, first: "a" },
    { host: "y", alike: 1, first: "a" },
    { host: "z", alike: 2, first: "b" },
  ]);
});

test("groups made over what exists have their members at once", () => {
  const { graph, attachments } = attachmentsByHost();
  attachments.set({ route: "a", hosts: ["x"] });
  const again = graph.groups<Attachment>({ name: "Again", of: attachments, by: ({ hosts }) => hosts });
  expect([...again.values()]).toEqual([{ key: "x", members: [{ route: "a", hosts: ["x"] }] }]);
});

test("a union has the values of all its collections", () => {
  const graph = new Graph();
  const sources = ["One", "Two"].map((name) => graph.source<Attachment>({ name, key: ({ route }) => route }));
  const [one, two] = sources;
  one?.set({ route: "before", hosts: [] });
  const union = graph.union({ name: "Both", of: sources });
  two?.set({ route: "b", hosts: ["x"] });
  two?.set({ route: "b", hosts: ["y"] });
  one?.set({ route: "c", hosts: [] });
  one?.delete("c");
  expect([...union.values()]).toEqual([
    { route: "before", hosts: [] },
    { route: "b", hosts: ["y"] },
  ]);
});
