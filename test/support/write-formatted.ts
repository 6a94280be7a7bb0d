/** Writes a file as `oxfmt` in the repository's root would leave it, so that what a test writes need not be formatted after it. */
import { readFileSync, writeFileSync } from "node:fs";
import { format, type FormatConfig } from "oxfmt";

const options = JSON.parse(readFileSync(new URL("../../.oxfmtrc.json", import.meta.url), "utf8")) as FormatConfig;

/** Throws where the text is none of the language that the path's ending names. */
export async function writeFormatted(path: string, text: string): Promise<void> {
  const { code, errors } = await format(path, text, options);
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join("; ")}`);
  writeFileSync(path, code);
}
