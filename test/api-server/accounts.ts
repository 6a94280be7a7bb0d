/** ServiceAccounts and their tokens, as the kubelet gets them for a pod. */
import type { ApiClient } from "../../src/kubernetes/index.ts";

export async function createAccount(client: ApiClient, namespace: string, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await client.request({ method: "POST", path, body: { metadata: { name } } });
}

/** A token of its own for each call, good for an hour. */
export async function accountToken(
  client: ApiClient,
  namespace: string,
  name: string,
  audience: string,
): Promise<string> {
  interface TokenRequest {
    readonly status: { readonly token: string };
  }
  const { status } = await client.request<TokenRequest>({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { spec: { audiences: [audience], expirationSeconds: 3_600 } },
  });
  return status.token;
}
