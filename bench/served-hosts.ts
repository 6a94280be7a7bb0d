/** A folder of many hosts, a route each and a hundred a file, in a running `trilith serve`; and one route of them to change. */
import { type Manifest, documents } from "../test/support/manifests.ts";
import { edgeGateway, redirectingRoute } from "./rule-shapes.ts";

const ROUTES_OF_A_FILE = 100;

export const hostName = (index: number): string => `host-${index}.test`;

export interface HostFile {
  readonly name: string;
  readonly text: string;
}

/** All files of `count` hosts. `routeOf` makes the route of a host. */
export function hostFiles(
  count: number,
  port: number,
  routeOf: (index: number) => Manifest = (index) => hostRoute(index, "before.test"),
): readonly HostFile[] {
  const files = Array.from({ length: Math.ceil(count / ROUTES_OF_A_FILE) }, (_, file) => ({
    name: fileName(file),
    text: documents(
      Array.from({ length: Math.min(ROUTES_OF_A_FILE, count - file * ROUTES_OF_A_FILE) }, (_, offset) =>
        routeOf(file * ROUTES_OF_A_FILE + offset),
      ),
    ),
  }));
  return [{ name: "gateway.yaml", text: documents([edgeGateway(port)]) }, ...files];
}

/** The first file with the first host redirecting elsewhere. */
export function changedFile(count: number, target: string): HostFile {
  const routes = Array.from({ length: Math.min(ROUTES_OF_A_FILE, count) }, (_, index) =>
    hostRoute(index, index === 0 ? target : "before.test"),
  );
  return { name: fileName(0), text: documents(routes) };
}

const hostRoute = (index: number, target: string): Manifest =>
  redirectingRoute(`route-${index}`, hostName(index), target);

const fileName = (index: number): string => `routes-${String(index).padStart(4, "0")}.yaml`;
