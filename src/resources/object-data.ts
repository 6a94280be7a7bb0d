/** Reads the texts that Secrets and ConfigMaps hold. */
import { decodeBase64, decodeUtf8 } from "./base64.ts";
import type { ConfigMap } from "./types/config-map.ts";
import type { Secret } from "./types/secret.ts";

/** The text under this key; undefined when the key is absent or holds something else than text. */
export function secretText(secret: Secret, key: string): string | undefined {
  return textOf(secret.data, key);
}

/** The text under this key of `data`, or else of `binaryData`; undefined when it is absent or no text. */
export function configMapText(configMap: ConfigMap, key: string): string | undefined {
  const data = configMap.data;
  return data !== undefined && Object.hasOwn(data, key) ? data[key] : textOf(configMap.binaryData, key);
}

function textOf(data: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  const encoded = data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  return bytes && decodeUtf8(bytes);
}
