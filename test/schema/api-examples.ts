/** The example manifests that the Gateway API itself publishes: those meant to be valid, and those meant not to be. */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { BuiltOracle } from "./build-oracle.ts";
import type { JsonObject } from "./custom-resource-schema.ts";

export interface Example {
  /** The file in the release, and the number of the document in it. */
  readonly name: string;
  readonly object: JsonObject;
}

export const readValidExamples = (oracle: BuiltOracle): Promise<readonly Example[]> => readExamples(oracle, "examples");

export const readInvalidExamples = (oracle: BuiltOracle): Promise<readonly Example[]> =>
  readExamples(oracle, "hack/invalid-examples");

async function readExamples(oracle: BuiltOracle, folder: string): Promise<readonly Example[]> {
  const files = await Array.fromAsync(glob(`${folder}/**/*.yaml`, { cwd: oracle.gatewayApi }));
  const examples = await Promise.all(files.toSorted().map((file) => readExample(oracle, file)));
  return examples.flat();
}

async function readExample(oracle: BuiltOracle, file: string): Promise<readonly Example[]> {
  const text = await readFile(join(oracle.gatewayApi, file), "utf8");
  const documents = [...parseAllDocuments(text)];
  return documents.flatMap((document, index) => {
    const object = document.toJS() as JsonObject | null;
    return object === null ? [] : [{ name: `${file}#${String(index)}`, object }];
  });
}
