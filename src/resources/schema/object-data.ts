/** The schemas of Secret, ConfigMap and Namespace. */
import { encodeBase64, encodeUtf8 } from "../base64.ts";
import type { ConfigMap } from "../types/config-map.ts";
import type { Namespace } from "../types/namespace.ts";
import type { Secret } from "../types/secret.ts";
import { map, object, oneOf, string } from "./construct.ts";
import { clusterMetadata, namespacedMetadata } from "./metadata.ts";
import { dataKey, dnsLabel, dnsSubdomain } from "./pattern.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";

type Texts = Readonly<Record<string, string>>;
/** A Secret as it can be written, with texts in clear. */
type WrittenSecret = Secret & { readonly stringData?: Texts };

const maxBytes = 1024 * 1024;

const dataKeys: Rule<Texts> = {
  id: "keys of data",
  find: (values) =>
    Object.keys(values).flatMap((key) =>
      violationIf(
        key.length > 253 || !dataKey.expression.test(key) || key === "." || key.startsWith(".."),
        `${JSON.stringify(key)} is no valid key: it must be ${dataKey.description}, at most 253 of them`,
        [key],
      ),
    ),
};

const texts: Schema<Texts> = map<string>(string(), { nullValue: "", rules: [dataKeys] });
const encodedTexts: Schema<Texts> = map<string>(string({ format: "byte" }), { nullValue: "", rules: [dataKeys] });

/** Close enough for texts of mostly ASCII: the API server counts the bytes. */
const sizeOf = (values: Texts = {}, share = 1): number =>
  Object.values(values).reduce((sum, value) => sum + Math.floor(value.length * share), 0);

const tooLarge = (size: number) =>
  violationIf(size > maxBytes, `holds ${size} bytes of data, but at most ${maxBytes} are allowed`);

const tlsKeys: Rule<WrittenSecret> = {
  id: "keys of a TLS secret",
  find: ({ type, data = {}, stringData = {} }) =>
    ["tls.crt", "tls.key"].flatMap((key) =>
      violationIf(
        type === "kubernetes.io/tls" && !Object.hasOwn(data, key) && !Object.hasOwn(stringData, key),
        `"${key}" is missing: a Secret of type kubernetes.io/tls needs it`,
        ["data", key],
      ),
    ),
};

export const secretSchema: Schema<WrittenSecret> = object<WrittenSecret>(
  {
    apiVersion: string(),
    kind: oneOf(["Secret"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    type: string({ default: "Opaque" }),
    data: encodedTexts,
    stringData: texts,
  },
  [],
  {
    preserveUnknown: true,
    rules: [
      tlsKeys,
      { id: "size of data", find: ({ data, stringData }) => tooLarge(sizeOf(data, 0.75) + sizeOf(stringData)) },
    ],
  },
);

/** Merges `stringData` into `data`, over what is there, as the API server does. */
export function completeSecret({ stringData, ...secret }: WrittenSecret): Secret {
  if (stringData === undefined) return secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, encodeBase64(encodeUtf8(text))] as const);
  return { ...secret, data: { ...secret.data, ...Object.fromEntries(encoded) } };
}

export const configMapSchema: Schema<ConfigMap> = object<ConfigMap>(
  {
    apiVersion: string(),
    kind: oneOf(["ConfigMap"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    data: texts,
    binaryData: encodedTexts,
  },
  [],
  {
    preserveUnknown: true,
    rules: [
      {
        id: "keys of data and binaryData differ",
        find: ({ data = {}, binaryData = {} }) =>
          Object.keys(binaryData).flatMap((key) =>
            violationIf(Object.hasOwn(data, key), `"${key}" is a key of data already`, ["binaryData", key]),
          ),
      },
      { id: "size of data", find: ({ data, binaryData }) => tooLarge(sizeOf(data) + sizeOf(binaryData, 0.75)) },
    ],
  },
);

export const namespaceSchema: Schema<Namespace> = object<Namespace>(
  { apiVersion: string(), kind: oneOf(["Namespace"]), metadata: clusterMetadata(dnsLabel, 63) },
  [],
  { preserveUnknown: true },
);
