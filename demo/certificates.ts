/** The certificate of the demo's HTTPS listener and of its TLS backend: made anew each time, since no private key is in the repository. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { createCertificateAuthority } from "../test/support/certificate-authority.ts";
import type { Certificate } from "../test/support/certificate.ts";

export async function writeCertificates(file: string): Promise<Certificate> {
  const authority = await createCertificateAuthority("Trilith demo");
  const issued = await authority.issue({ commonName: "demo", names: ["secure.example.com", "raw.example.com"] });
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "secure-example-com" },
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": issued.certificate, "tls.key": issued.key },
  };
  writeFileSync(file, stringify(secret), { mode: 0o600 });
  return issued;
}
