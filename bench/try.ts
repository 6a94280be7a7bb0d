import { size } from "./size.ts";
import { textTable } from "./text-table.ts";
const m = process.argv[2] === "routes" ? (await import("./routes.ts")).routes : size;
const o = await m.measure(console.log);
for (const t of o.tables) console.log(t.title + "\n" + textTable(t));
console.log(o.goals);
