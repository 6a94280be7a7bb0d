/** The certificates and kubeconfigs of a test cluster: made anew for each, and gone with its folder. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { kubeconfigOf } from "../support/kubeconfig.ts";

/** Who the components are, to the API server. */
const USERS = {
  admin: { commonName: "admin", organization: "system:masters" },
  "controller-manager": { commonName: "system:kube-controller-manager", organization: "system:masters" },
  scheduler: { commonName: "system:kube-scheduler", organization: "system:masters" },
  kubelet: { commonName: "system:node:node", organization: "system:masters" },
  proxy: { commonName: "system:kube-proxy", organization: "system:masters" },
} as const;

/** Writes `ca.crt`, `server.crt|key`, `accounts.key`, and `<user>.crt|key|conf` for each user. */
export async function writeCredentials(folder: string, server: string, names: readonly string[]): Promise<void> {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  const authority = await createCertificateAuthority("test-cluster");
  write("ca.crt", authority.certificate);
  const own = await authority.issue({ commonName: "kube-apiserver", names });
  write("server.crt", own.certificate);
  write("server.key", own.key);
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
  write("accounts.key", accounts.export({ type: "pkcs1", format: "pem" }).toString());
  for (const [user, subject] of Object.entries(USERS)) {
    const { certificate, key } = await authority.issue({ ...subject, use: "client" });
    write(`${user}.crt`, certificate);
    write(`${user}.key`, key);
    write(`${user}.conf`, kubeconfigOf(server, authority.certificate, { certificate, key }));
  }
}
