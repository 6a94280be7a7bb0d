/**
 * The mesh's certificate authority where there is no cluster: a root in a file of this machine, as private as the folder that it
 * lies in. It is not rotated while it serves: one whose time is two thirds over is replaced at the next start.
 */
import { renewalOf } from "./authority-state.ts";
import { checkAuthority, type KeyPair } from "./certificate-chains.ts";
import { createRoot, issueWorkloadCertificate, livesFrom } from "./issue-certificates.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

export interface LocalAuthority {
  /** PEM: what proxies of the mesh are to trust. */
  readonly bundle: string;
  /** See `issueWorkloadCertificate`. */
  issueForWorkload(spiffeId: string, lifeMs: number): Promise<KeyPair>;
}

const ROOT_LIFE_MS = 3 * 365 * 24 * 3_600_000;

/** Makes the file if there is none. Rejects with `badAuthority` where it holds something else. */
export async function openLocalAuthority(file: string, clock: () => Date = () => new Date()): Promise<LocalAuthority> {
  const stored = await readPrivateFile(file);
  const kept = stored === undefined ? undefined : { certificate: stored, key: stored };
  if (kept) checkAuthority(kept);
  const isGood = kept !== undefined && clock().getTime() < renewalOf(kept.certificate);
  const root = isGood ? kept : await createRoot("Trilith mesh", livesFrom(clock(), ROOT_LIFE_MS));
  if (!isGood) await writePrivateFile(file, root.certificate + root.key);
  const certificate = root.certificate.replace(PRIVATE_KEY, "");
  return {
    bundle: certificate,
    issueForWorkload: (spiffeId, lifeMs) =>
      issueWorkloadCertificate({ ...root, certificate }, spiffeId, livesFrom(clock(), lifeMs)),
  };
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/;
