/** What the manifests of an installation are made from: the chart's files, its values, and what may be set. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { VERSION } from "./version.ts";

const chart = new URL("../../charts/trilith/", import.meta.url);

/** What an installation may differ in; the other values of the chart have their defaults. */
export interface Installation {
  readonly namespace: string;
  readonly replicas: number;
  /** With its tag. */
  readonly image: string;
  readonly imagePullPolicy: string;
  /** Of the proxies of Gateways. */
  readonly envoyImage: string;
  readonly envoyPullPolicy: string;
  /** Of workloads and of the control plane itself: `24h`. */
  readonly certificateLife: string;
  /** How long a new root is trusted before it signs. */
  readonly rootIntroduction: string;
  /** Namespaces and pods may join the mesh. */
  readonly mesh: boolean;
  readonly trustDomain: string;
  /** What becomes of calls in the mesh to addresses that are nobody's in the cluster: `pass` or `refuse`. */
  readonly unknownDestinations: string;
  /** Where Services and pods have their addresses, as `10.0.0.0/8`. */
  readonly meshNetworks: readonly string[];
  /** Of what sidecars write a line: `all`, `failures` or `none`. */
  readonly meshAccessLog: string;
  /** Who redirects connections in pods of the mesh: `InitContainer` or `Node`. */
  readonly redirection: string;
  /** Of such init containers; empty: the controller's, with -capture behind its name. */
  readonly captureImage: string;
  /** Of the agent on each node; empty: the controller's, with -node behind its name. */
  readonly nodeImage: string;
  /** Where nodes pin the network namespaces of pods. */
  readonly networkNamespaces: string;
  /** Make the XMesh `trilith`. */
  readonly xMesh: boolean;
  readonly logLevel: string;
  /** Make the GatewayClass `trilith`. */
  readonly gatewayClass: boolean;
  /** Make our CustomResourceDefinitions. */
  readonly crds: boolean;
  /** Namespaces whose Secrets may be read; none: all. */
  readonly secretNamespaces: readonly string[];
  /** Namespaces in which Gateways may get what they need; none: all. */
  readonly gatewayNamespaces: readonly string[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const selector: Readonly<Record<string, string>> = {
  "app.kubernetes.io/name": "trilith",
  "app.kubernetes.io/component": "controller",
};
export const labels: Readonly<Record<string, string>> = { ...selector, "app.kubernetes.io/version": VERSION };

/** Those values of the chart that the manifests read. */
export interface ChartValues {
  readonly replicas: number;
  readonly image: { readonly repository: string; readonly tag: string; readonly pullPolicy: string };
  readonly envoy: { readonly image: string; readonly pullPolicy: string };
  readonly identity: { readonly certificateLife: string; readonly rootIntroduction: string };
  readonly mesh: {
    readonly enabled: boolean;
    readonly trustDomain: string;
    readonly unknownDestinations: string;
    readonly networks: readonly string[];
    readonly redirection: string;
    readonly accessLog: string;
    readonly captureImage: string;
    readonly node: {
      readonly image: string;
      readonly networkNamespaces: string;
      readonly resources: unknown;
      readonly nodeSelector: unknown;
      readonly tolerations: unknown;
      readonly priorityClassName: string;
    };
    readonly xMesh: boolean;
  };
  readonly log: { readonly level: string; readonly format: string };
  readonly resources: unknown;
  readonly nodeOptions: string;
  readonly spread: string;
}

export function chartValues(): ChartValues {
  return parse(readChart("values.yaml")) as ChartValues;
}

/** An image that is built with the controller's, and pushed with the same tag. */
export function imageBeside({ image }: Installation, name: "capture" | "node"): string {
  const colon = image.lastIndexOf(":");
  return `${image.slice(0, colon)}-${name}${image.slice(colon)}`;
}

/** A file of the chart, by its path in it. */
export const readChart = (file: string): string => readFileSync(new URL(file, chart), "utf8");

/** The YAML files of one of the chart's folders, which may be absent. */
export function chartFiles(folder: string): readonly string[] {
  const url = new URL(`${folder}/`, chart);
  if (!existsSync(url)) return [];
  const files = readdirSync(url).filter((file) => file.endsWith(".yaml"));
  return files.sort().map((file) => `${folder}/${file}`);
}
