/** A kubeconfig of one cluster and one user, who has a client certificate. All PEM. */
import { stringify } from "yaml";

export function kubeconfigOf(
  server: string,
  authority: string,
  user: { readonly certificate: string; readonly key: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const credentials = {
    "client-certificate-data": base64(user.certificate),
    "client-key-data": base64(user.key),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [{ name: "admin", user: credentials }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}
