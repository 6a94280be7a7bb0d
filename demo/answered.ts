/** What a demo asked for, what it got, and whether that is right, as lines for people. */

export interface Answered {
  readonly asked: string;
  readonly got: string;
  readonly isRight: boolean;
}

export const say = (text: string): void => void process.stdout.write(`${text}\n`);

export const indent = (text: string): string => text.trimEnd().replace(/^/gm, "  ");

/** Prints each; whether all are right. */
export function sayAll(answers: readonly Answered[]): boolean {
  for (const { asked, got, isRight } of answers) say(`  ${isRight ? "✓" : "✗"} ${asked.padEnd(62)} ${got}`);
  const right = answers.filter(({ isRight }) => isRight).length;
  say(`\n${right} of ${answers.length} answers are right.`);
  return right === answers.length;
}

export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}

/** Ends with 0 if all was right, 1 if not, and 2 where the demo itself could not be shown. */
export async function runDemo(main: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const advice = taken ? "; end the program that has this port, and try again" : "";
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}${advice}`);
    process.exitCode = 2;
  }
}
