/**
 * Follows the links of README.md and docs within the repository: to files and folders, and to headings of pages, by the names that GitHub
 * gives them. Links to other hosts are not followed.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const FENCED = /^```[^]*?^```/gm;
const LINK = /\]\(([^)\s]+)\)/g;
const HEADING = /^#{1,6} +(.+)$/gm;
const ELSEWHERE = /^[a-z]+:/;

const textOf = (page: string): string => readFileSync(join(root, page), "utf8").replaceAll(FENCED, "");

/** What a link to a heading has behind its `#`. */
function anchorOf(heading: string): string {
  const words = heading.replaceAll(/[`*]/g, "").toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
}

function problemsOf(page: string): string[] {
  return [...textOf(page).matchAll(LINK)].flatMap(([, target = ""]) => {
    if (ELSEWHERE.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, file))) return [`${page}: the link to ${target} leads to no file`];
    if (anchor === undefined) return [];
    const anchors = [...textOf(file).matchAll(HEADING)].map(([, heading = ""]) => anchorOf(heading));
    return anchors.includes(anchor) ? [] : [`${page}: the link to ${target} leads to no heading`];
  });
}

const pages = ["README.md", ...globSync("{docs,test,charts}/**/*.md", { cwd: root })];
const problems = pages.flatMap(problemsOf);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`links: ${pages.length} pages, none leads nowhere`);
