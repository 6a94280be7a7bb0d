/**
 * How an Envoy reaches its control plane: a static cluster that the aggregated stream goes through. On the same machine that is
 * plaintext, with a token where the proxy has to prove whose it is; from a pod it is TLS to a Service, with the pod's projected
 * token in each request.
 *
 * Root and token are read through file-based SDS, whose watched directories notice what the kubelet writes: a running Envoy
 * takes up a new token and a new root by itself (docs/decisions/proxy-identity.md).
 */

export type ControlPlaneAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }
  | LocalControlPlane
  | RemoteControlPlane;

/** On the same machine, for a proxy that proves itself as one in a pod does. */
export interface LocalControlPlane {
  readonly kind: "local";
  /** Of a unix domain socket. */
  readonly path: string;
  /** With the files of `controlPlaneFiles`. */
  readonly directory: string;
  /** With the file `token`. */
  readonly tokenDirectory: string;
}

/** A control plane in a cluster, as a pod sees it. */
export interface RemoteControlPlane {
  readonly kind: "cluster";
  /** The Service's DNS name, which its certificate must have: `trilith.trilith-system.svc`. */
  readonly host: string;
  readonly port: number;
  /** The mounted directory with `ca.crt`, the trusted roots in PEM, and the files of `controlPlaneFiles`. */
  readonly directory: string;
  /** The mounted directory with the file `token`. */
  readonly tokenDirectory: string;
}

export const CONTROL_PLANE = "trilith-control-plane";

const ROOTS_FILE = "control-plane-roots.json";
const TOKEN_FILE = "control-plane-token.json";

/** What must lie in `directory`, beside `ca.crt` if it is remote: names and texts of files, the same for the same address. */
export function controlPlaneFiles(
  controlPlane: LocalControlPlane | RemoteControlPlane,
): Readonly<Record<string, string>> {
  const { directory, tokenDirectory } = controlPlane;
  const roots = { trusted_ca: watchedFile(directory, "ca.crt") };
  const token = { secret: watchedFile(tokenDirectory, "token") };
  return {
    ...(controlPlane.kind === "cluster" && {
      [ROOTS_FILE]: secretFile({ name: "roots", validation_context: roots }),
    }),
    [TOKEN_FILE]: secretFile({ name: "token", generic_secret: token }),
  };
}

export function controlPlaneCluster(controlPlane: ControlPlaneAddress): object {
  const proven = "kind" in controlPlane ? controlPlane : undefined;
  const remote = proven?.kind === "cluster" ? proven : undefined;
  const address =
    "path" in controlPlane
      ? { pipe: { path: controlPlane.path } }
      : { socket_address: { address: controlPlane.host, port_value: controlPlane.port } };
  const keepalive = { connection_keepalive: { interval: "30s", timeout: "10s" } };
  return {
    name: CONTROL_PLANE,
    ...(remote ? resolution : { type: "STATIC" }),
    connect_timeout: remote ? "3s" : "1s",
    ...(remote && { transport_socket: tlsTo(remote) }),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": typeUrl("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
        explicit_http_config: { http2_protocol_options: keepalive },
        ...(proven && { http_filters: [tokenInjector(proven), codec] }),
      },
    },
    load_assignment: {
      cluster_name: CONTROL_PLANE,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}

/** A Service keeps its address, so it is not asked for often; until it has one, it is. */
const resolution = {
  type: "STRICT_DNS",
  dns_lookup_family: "ALL",
  dns_refresh_rate: "30s",
  dns_failure_refresh_rate: { base_interval: "0.5s", max_interval: "5s" },
};

function tlsTo({ host, directory }: RemoteControlPlane): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": typeUrl("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
      sni: host,
      common_tls_context: {
        alpn_protocols: ["h2"],
        // Upstream, Envoy goes up to 1.2 unless told otherwise.
        tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: host } }],
          },
          validation_context_sds_secret_config: { name: "roots", sds_config: fileSource(directory, ROOTS_FILE) },
        },
      },
    },
  };
}

function tokenInjector({ directory }: LocalControlPlane | RemoteControlPlane): object {
  return {
    name: "envoy.filters.http.credential_injector",
    typed_config: {
      "@type": typeUrl("envoy.extensions.filters.http.credential_injector.v3.CredentialInjector"),
      overwrite: true,
      credential: {
        name: "envoy.http.injected_credentials.generic",
        typed_config: {
          "@type": typeUrl("envoy.extensions.http.injected_credentials.generic.v3.Generic"),
          credential: { name: "token", sds_config: fileSource(directory, TOKEN_FILE) },
          header: "authorization",
          header_value_prefix: "Bearer ",
        },
      },
    },
  };
}

const codec = {
  name: "envoy.filters.http.upstream_codec",
  typed_config: { "@type": typeUrl("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec") },
};

function fileSource(directory: string, file: string): object {
  return { resource_api_version: "V3", path_config_source: { path: `${directory}/${file}` } };
}

/** The kubelet changes all files of a volume in one step, by renaming a link in its directory. */
function watchedFile(directory: string, file: string): object {
  return { filename: `${directory}/${file}`, watched_directory: { path: directory } };
}

function secretFile(secret: object): string {
  const typed = { "@type": typeUrl("envoy.extensions.transport_sockets.tls.v3.Secret"), ...secret };
  return `${JSON.stringify({ resources: [typed] })}\n`;
}

function typeUrl(name: string): string {
  return `type.googleapis.com/${name}`;
}
