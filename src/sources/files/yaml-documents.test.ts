import { describe, expect, test } from "vitest";
import { type YamlDocument, yamlDocuments as documentsOf, yamlPieces } from "./yaml-documents.ts";

const yamlDocuments = (text: string): YamlDocument[] => yamlPieces(text).flatMap(documentsOf);

describe("YAML documents", () => {
  test("a value knows its line and column, also behind another document", () => {
    const [, second] = yamlDocuments("kind: A\n---\nkind: B\nspec:\n  rules:\n    - name: x\n    - name: y\n");
    expect({
      value: second?.value,
      kind: second?.locate(["kind"]),
      rule: second?.locate(["spec", "rules", 1, "name"]),
      missing: second?.locate(["spec", "rules", 1, "matches", 0]),
    }).toEqual({
      value: { kind: "B", spec: { rules: [{ name: "x" }, { name: "y" }] } },
      kind: { line: 3, column: 1 },
      rule: { line: 7, column: 7 },
      missing: { line: 7, column: 7 },
    });
  });

  test("text that is no YAML is told with its place, and the other documents are read", () => {
    const [bad, good] = yamlDocuments("a: [1\n---\nb: 2\n");
    expect([bad?.value, bad?.problems.length, good?.value]).toEqual([undefined, 1, { b: 2 }]);
  });

  test("a key that comes twice is an error", () => {
    expect(yamlDocuments("a: 1\na: 2\n")[0]?.problems).toEqual([
      { line: 2, column: 1, message: "Map keys must be unique" },
    ]);
  });

  test("values in values without end are an error", () => {
    const [deep] = yamlDocuments(`x: ${"{a: ".repeat(20_000)}${"}".repeat(20_000)}\n`);
    expect(new Set(deep?.problems.map(({ message }) => message))).toEqual(
      new Set(["the values are nested too deeply to be read"]),
    );
  });

  test("anchors that would grow into something huge are refused", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(",")}]`);
    const [bomb] = yamlDocuments(`l0: &l0 [x]\n${levels.join("\n")}\n`);
    expect([bomb?.value, bomb?.problems.length]).toEqual([undefined, 1]);
  });

  test("empty documents have no value and no problem", () => {
    expect(yamlDocuments("---\n# only a comment\n---\n").map(({ value, problems }) => [value, problems])).toEqual([
      [undefined, []],
      [undefined, []],
    ]);
  });

  test("a file is read piece by piece, but for one with directives", () => {
    const pieces = yamlPieces("a: 1\n---\nb: |\n  ---x\n---\tc: 2\n----: 3\n");
    expect(pieces).toEqual([
      { text: "a: 1\n", linesBefore: 0 },
      { text: "---\nb: |\n  ---x\n", linesBefore: 1 },
      { text: "---\tc: 2\n----: 3\n", linesBefore: 4 },
    ]);
    expect(yamlPieces("%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n")).toHaveLength(1);
  });
});
