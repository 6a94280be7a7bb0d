/** Asks a running Trilith through its admin API. */
import { CliError } from "./cli-error.ts";

export const DEFAULT_ADMIN = "127.0.0.1:19000";

export async function askAdmin(admin: string, path: string): Promise<unknown> {
  return JSON.parse(await askAdminText(admin, path)) as unknown;
}

export async function askAdminText(admin: string, path: string): Promise<string> {
  const response = await request(admin, path);
  const text = await response.text();
  if (!response.ok) throw new CliError(`${admin} answered ${response.status}: ${text.trim()}`);
  return text;
}

async function request(admin: string, path: string): Promise<Response> {
  const { host, port } = parseAddress(admin);
  try {
    return await fetch(`http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    throw new CliError(
      `no Trilith answers at ${admin}; start one with "trilith serve DIR", or name its admin address with --admin`,
      2,
      error,
    );
  }
}

/** "host:port", or a port alone, which is on loopback. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535)
    throw new CliError(`"${text}" is no address; write host:port, such as ${DEFAULT_ADMIN}`);
  return { host: (match[1] ?? "127.0.0.1").replace(/^\[|\]$/g, ""), port };
}
