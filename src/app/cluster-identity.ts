/**
 * Who is who in the cluster: the control plane's own authority, and which callers are Envoys of which Gateway or other
 * replicas. Wires the identity room to what translation knows.
 */
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import {
  type AuthorityTimes,
  authorityTimesOf,
  type IdentityTimes,
  type KeyPair,
  controlPlaneNames,
  openAuthority,
  peerAdmission,
  proxyAdmission,
  type Refusal,
  type RefusalReason,
  type ServiceAccount,
} from "../identity/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import { havingIPv6, isSidecar, type ProxyKey } from "../model/index.ts";
import { saysIPv6 } from "../proxy/index.ts";
import type { NameClaims } from "../provision/index.ts";
import type { ProxyIdentity } from "../transport/index.ts";
import type { PeerExchangeOptions } from "./peer-exchange.ts";

export interface ClusterIdentityOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  /** The control plane's Service and ServiceAccount have one name. */
  readonly service: string;
  readonly names: NameClaims;
  /** The proxy that an account is of which was made for no Gateway. */
  readonly sidecarOf: (account: ServiceAccount) => ProxyKey | undefined;
  readonly times: IdentityTimes;
  /** In the place of what follows from those: for tests. */
  readonly authorityTimes?: Partial<AuthorityTimes> | undefined;
  /** Somebody was turned away: for counting. */
  readonly onRefused: (caller: "proxy" | "replica", reason: RefusalReason) => void;
  readonly log: Logger;
}

export interface ClusterIdentity extends AsyncDisposable {
  /** PEM; what proxies are to trust. */
  readonly bundle: string;
  readonly serverCertificate: TlsFiles;
  /** What is wrong with the authority; the last one that was good goes on. */
  readonly problem: Error | undefined;
  onBundle(told: (bundle: string) => void): void;
  onServerCertificate(told: (tls: TlsFiles) => void): void;
  /** Told of each caller that is let in as a proxy, again each time that it comes. */
  onAdmitted(told: (proxy: ProxyKey, account: ServiceAccount) => void): void;
  /** For a workload of the mesh. */
  issueForWorkload(spiffeId: string, lifeMs: number): Promise<KeyPair>;
  /** The proxy that the caller is an Envoy of, or why it is turned away. */
  admit(caller: ProxyIdentity): Promise<ProxyKey | Refusal>;
  forPeers(tokenFile: string): Pick<PeerExchangeOptions, "authorize" | "tls" | "token">;
}

export interface TlsFiles {
  readonly key: string;
  readonly cert: string;
}

/** Secrets in the namespace of the installation: the authority that is kept there, and the one of whoever brings their own. */
const AUTHORITY_SECRET = "trilith-ca";
const GIVEN_SECRET = "trilith-own-ca";

export async function openClusterIdentity(options: ClusterIdentityOptions): Promise<ClusterIdentity> {
  const { client, namespace, service, names, log } = options;
  const bundleTold: ((bundle: string) => void)[] = [];
  const admittedTold: ((proxy: ProxyKey, account: ServiceAccount) => void)[] = [];
  const certificateTold: ((tls: TlsFiles) => void)[] = [];
  const serverNames = controlPlaneNames(service, namespace);
  const authority = await openAuthority({
    client,
    namespace,
    name: AUTHORITY_SECRET,
    givenName: GIVEN_SECRET,
    serverNames,
    times: { ...authorityTimesOf(options.times), ...options.authorityTimes },
    onBundle: (bundle) => {
      for (const tell of bundleTold) tell(bundle);
    },
    onServerCertificate: (pair) => {
      for (const tell of certificateTold) tell(tlsOf(pair));
    },
    onProblem: (error) => log.error({ err: error }, "the control plane's authority has a problem"),
  });
  const refusing =
    (caller: "proxy" | "replica") =>
    ({ reason, message }: Refusal, { address }: { readonly address?: string | undefined }): void => {
      options.onRefused(caller, reason);
      log.warn({ caller, reason, address }, `a caller was turned away: ${message}`);
    };
  const proxies = proxyAdmission<ProxyKey>({
    client,
    onRefused: refusing("proxy"),
    // A ServiceAccount is a Gateway's when it is what was made for it.
    proxyOf: (account) => names.holderOf(account.namespace, account.name)?.proxy ?? options.sidecarOf(account),
  });
  const replicas = peerAdmission({ client, onRefused: refusing("replica"), namespace, name: service });
  return {
    get bundle() {
      return authority.bundle;
    },
    get serverCertificate() {
      return tlsOf(authority.serverCertificate);
    },
    get problem() {
      return authority.problem;
    },
    onBundle: (told) => void bundleTold.push(told),
    onServerCertificate: (told) => void certificateTold.push(told),
    admit: async ({ authorization, node, address }) => {
      const answer = await proxies.admit({ authorization, node, address });
      if ("refused" in answer) return answer;
      const proxy = isSidecar(answer.identity) && saysIPv6(node) ? havingIPv6(answer.identity) : answer.identity;
      for (const tell of admittedTold) tell(proxy, answer.account);
      return proxy;
    },
    onAdmitted: (told) => void admittedTold.push(told),
    issueForWorkload: (spiffeId, lifeMs) => authority.issueForWorkload(spiffeId, lifeMs),
    forPeers: (tokenFile) => ({
      authorize: async (authorization) => !("refused" in (await replicas.admit({ authorization }))),
      token: async () => (await readFile(tokenFile, "utf8")).trim(),
      tls: {
        server: tlsOf(authority.serverCertificate),
        client: () => ({ ca: authority.bundle, servername: serverNames[0] ?? service }),
      },
    }),
    [Symbol.asyncDispose]: () => authority[Symbol.asyncDispose](),
  };
}

const tlsOf = ({ certificate, key }: KeyPair): TlsFiles => ({ cert: certificate, key });
