/**
 * Somebody who speaks xDS to the control plane from inside the cluster's namespace, with whatever token and claims it is given, and asks
 * for secrets by name. Reads what to do from its standard input, as JSON, and writes what came of it, as JSON.
 */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { X509Certificate } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SecretSchema } from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { AggregatedDiscoveryService } from "../../src/generated/envoy/service/discovery/v3/ads_pb.ts";
import { typeUrlOf } from "../../src/xds/index.ts";

export interface XdsCall {
  /** `https://…` */
  readonly url: string;
  /** By which the certificate is checked. */
  readonly serverName: string;
  /** PEM. */
  readonly authorities: string;
  readonly token?: string;
  readonly node: { readonly id: string; readonly cluster: string };
  readonly secrets: readonly string[];
}

export interface XdsAnswer {
  /** Why the stream ended: the name of gRPC's code. */
  readonly refused?: string;
  /** Names of the secrets that came, with the SPIFFE ID of those that are certificates. */
  readonly given?: readonly string[];
}

const PATIENCE_MS = 30_000;
/** Everybody is given it: with it, whatever was asked for before has been answered. */
const LAST = "mesh/trust";
const typeUrl = typeUrlOf("secret");

const call = JSON.parse(await text(process.stdin)) as XdsCall;
process.stdout.write(JSON.stringify(await ask(call)));
process.exit(0);

async function ask({ url, serverName, authorities, token, node, secrets }: XdsCall): Promise<XdsAnswer> {
  const client = createClient(
    AggregatedDiscoveryService,
    createGrpcTransport({ baseUrl: url, nodeOptions: { ca: authorities, servername: serverName } }),
  );
  const asking = new AbortController();
  const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const requests = new PassThrough({ objectMode: true });
  requests.write({ node, typeUrl, resourceNamesSubscribe: [...secrets] });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const given = new Map<string, string>();
  try {
    for await (const response of client.deltaAggregatedResources(requests, { signal, headers })) {
      for (const { name, resource } of response.resources)
        if (resource) given.set(name, `${name}${identityIn(resource.value)}`);
      if (given.has(LAST)) break;
      requests.write({ typeUrl, responseNonce: response.nonce, resourceNamesSubscribe: given.size > 0 ? [LAST] : [] });
    }
    return { given: [...given.values()].sort() };
  } catch (error) {
    return { refused: Code[ConnectError.from(error).code] };
  } finally {
    asking.abort();
  }
}

function identityIn(bytes: Uint8Array): string {
  const { type } = fromBinary(SecretSchema, bytes);
  const specifier = type.case === "tlsCertificate" ? type.value.certificateChain?.specifier : undefined;
  if (specifier === undefined || specifier.case === undefined || specifier.case === "filename") return "";
  return ` ${new X509Certificate(Buffer.from(specifier.value)).subjectAltName ?? ""}`;
}
