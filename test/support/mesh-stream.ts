/** Somebody who asks the mesh's control plane on this machine for things, with a token and a claim of its choice. */
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { connect } from "node:net";
import { SecretSchema } from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import type { Secret } from "../../src/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { AggregatedDiscoveryService } from "../../src/generated/envoy/service/discovery/v3/ads_pb.ts";
import { typeUrlOf } from "../../src/xds/index.ts";

export interface MeshCaller {
  readonly socket: string;
  readonly token?: string;
  readonly node: { readonly id: string; readonly cluster: string };
}

export interface AnsweredSecrets {
  readonly secrets: readonly Secret[];
  readonly missing: readonly string[];
}

/** What it gets for these names of secrets; or the status that its stream ends with. */
export async function askForSecrets(
  { socket, token, node }: MeshCaller,
  names: readonly string[],
): Promise<AnsweredSecrets | string> {
  const transport = createGrpcTransport({
    baseUrl: "http://localhost",
    nodeOptions: { createConnection: () => connect(socket) },
  });
  const client = createClient(AggregatedDiscoveryService, transport);
  const abort = new AbortController();
  const typeUrl = typeUrlOf("secret");
  /** Nonces that are still to be acknowledged: nothing more comes before. */
  const nonces: string[] = [];
  let wake = Promise.withResolvers<void>();
  abort.signal.addEventListener("abort", () => wake.resolve());
  const requests = async function* () {
    yield { node, typeUrl, resourceNamesSubscribe: [...names] };
    while (!abort.signal.aborted) {
      await wake.promise;
      wake = Promise.withResolvers();
      for (const responseNonce of nonces.splice(0)) yield { typeUrl, responseNonce };
    }
  };
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const secrets = new Map<string, Secret>();
  const missing = new Set<string>();
  try {
    const answers = client.deltaAggregatedResources(requests(), { signal: abort.signal, ...(headers && { headers }) });
    for await (const { nonce, resources, removedResources } of answers) {
      nonces.push(nonce);
      wake.resolve();
      for (const { name, resource } of resources)
        if (resource) secrets.set(name, fromBinary(SecretSchema, resource.value));
      for (const name of removedResources) missing.add(name);
      if (names.every((name) => secrets.has(name) || missing.has(name))) break;
    }
    return { secrets: [...secrets.values()], missing: [...missing].sort() };
  } catch (error) {
    return Code[ConnectError.from(error).code] ?? "unknown";
  } finally {
    abort.abort();
  }
}
