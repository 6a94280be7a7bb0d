/** A line for whoever waits for a test that takes its time, or wants its figures. */
export const tell = (line: string): void => void process.stderr.write(`${line}\n`);
