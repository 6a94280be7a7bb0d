/**
 * Regular expressions of routes are RE2's, and bounded: what Envoy would refuse, or what would cost every request too much,
 * is found here, where it can still be told to the person who wrote it.
 *
 * https://github.com/google/re2/wiki/Syntax
 */
import { RE2JS } from "re2js";
import { RuleDropped } from "../rules/rule-scope.ts";

/** Instructions of the compiled program. The bootstrap gives Envoy's `re2.max_program_size.error_level` twice as many, so that what passes here is never refused there. */
const MAX_PROGRAM_SIZE = 4096;

/** Throws RuleDropped, naming `path`, unless RE2 accepts the expression and its program is within bounds. */
export function checkRegularExpression(expression: string, path: string): void {
  const size = programSizeOf(expression, path);
  if (size > MAX_PROGRAM_SIZE) {
    throw new RuleDropped(
      path,
      `the regular expression compiles to ${size} instructions, more than the ${MAX_PROGRAM_SIZE} that are allowed; make it shorter or its repetitions smaller`,
    );
  }
}

function programSizeOf(expression: string, path: string): number {
  try {
    return RE2JS.compile(expression).programSize();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuleDropped(path, `"${expression}" is no regular expression that RE2 accepts: ${reason}`);
  }
}
