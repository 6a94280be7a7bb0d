/** A plot of lines as SVG, readable on light and dark pages. The x axis is logarithmic, the y axis starts at zero. */
import type { Line, Plot } from "./section.ts";
import { shown } from "./statistics.ts";

const WIDTH = 760;
const HEIGHT = 400;
const MARGIN = { top: 40, right: 210, bottom: 50, left: 70 };
const COLOURS = ["#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed"];

interface Scale {
  x(value: number): number;
  y(value: number): number;
}

export function linePlot({ title, xTitle, yTitle, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const ticks = yTicks(Math.max(...points.map(({ y }) => y)));
  const scale = scaleOf(xs, ticks.at(-1) ?? 1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(MARGIN.left, 22, title, `font-size="15" font-weight="bold"`),
    ...ticks.flatMap((tick) => [
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${scale.y(tick)}" y2="${scale.y(tick)}" stroke="#e5e7eb"/>`,
      text(MARGIN.left - 8, scale.y(tick) + 4, shown(tick), `text-anchor="end"`),
    ]),
    ...xs.map((x) => text(scale.x(x), HEIGHT - MARGIN.bottom + 18, x.toLocaleString("en"), `text-anchor="middle"`)),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, xTitle, `text-anchor="middle"`),
    text(16, HEIGHT / 2, yTitle, `text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})"`),
    ...lines.flatMap((line, index) => drawn(line, index, scale)),
    "</svg>",
    "",
  ].join("\n");
}

function drawn({ name, group, dashed, points }: Line, index: number, scale: Scale): string[] {
  const colour = COLOURS[group % COLOURS.length] ?? "#000000";
  const style = `stroke="${colour}" stroke-width="2"${dashed ? ` stroke-dasharray="6 4"` : ""}`;
  const path = points.map(({ x, y }) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`).join(" ");
  const legendY = MARGIN.top + 10 + index * 20;
  const legendX = WIDTH - MARGIN.right + 16;
  return [
    `<polyline points="${path}" fill="none" ${style}/>`,
    ...points.map(
      ({ x, y }) => `<circle cx="${scale.x(x).toFixed(1)}" cy="${scale.y(y).toFixed(1)}" r="3" fill="${colour}"/>`,
    ),
    `<line x1="${legendX}" x2="${legendX + 24}" y1="${legendY}" y2="${legendY}" ${style}/>`,
    text(legendX + 30, legendY + 4, name, ""),
  ];
}

function scaleOf(xs: readonly number[], top: number): Scale {
  const [first = 1] = xs;
  const span = Math.log(xs.at(-1) ?? first) - Math.log(first) || 1;
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  return {
    x: (value) => MARGIN.left + ((Math.log(value) - Math.log(first)) / span) * width,
    y: (value) => HEIGHT - MARGIN.bottom - (value / top) * height,
  };
}

/** From zero to just above the largest value, in steps that people count in. */
function yTicks(largest: number): readonly number[] {
  const rough = largest / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(largest / step) + 1 }, (_, index) => index * step);
}

function text(x: number, y: number, words: string, attributes: string): string {
  const escaped = words.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#111827" ${attributes}>${escaped}</text>`;
}
