/** What both processes need with 5,000 routes: processor and memory, when nothing happens and under one change a second. */
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "../test/support/free-ports.ts";
import { documents, type Manifest, route, service, to, under } from "../test/support/manifests.ts";
import { ServedDirectory } from "../test/support/served-directory.ts";
import { processorSeconds, residentMemory } from "./process-usage.ts";
import { hostFiles, hostName } from "./served-hosts.ts";
import type { Section, Tell } from "./section.ts";

const ROUTES = 5_000;
const SERVICES = 100;
const SECONDS = 20;
const MOST_MIB = 256;
const MOST_CORES = 0.05;

/** What a process used in a period: of a processor, and memory at its end. */
interface Use {
  readonly cores: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
}

interface Period {
  readonly name: string;
  readonly trilith: Use;
  readonly envoy: Use;
}

export const footprint: Section = {
  name: "footprint",
  title: `Processor and memory with ${ROUTES.toLocaleString("en")} routes`,
  measure: async (tell) => {
    await using directory = await ServedDirectory.create();
    const [port = 0] = await freePorts(1);
    const services = Array.from({ length: SERVICES }, (_, index) => service(`service-${index}`, [9])).flat();
    directory.write("services.yaml", documents(services));
    for (const { name, text } of hostFiles(ROUTES, port, (index) => forwardingRoute(index, 0)))
      directory.write(name, text);
    tell(`starting with ${ROUTES} routes`);
    await directory.start();
    await delay(5_000);
    const periods = [
      await period("idle", directory, tell, () => {}),
      await period("a change a second", directory, tell, (second) => writeChanged(directory, second)),
      await period("idle again", directory, tell, () => {}),
    ];
    const peak = Math.max(...periods.map(({ trilith }) => trilith.peakMiB));
    const cores = Math.max(...periods.map(({ trilith }) => trilith.cores));
    return {
      method:
        `\`trilith serve\` with ${ROUTES.toLocaleString("en")} HTTPRoutes, each with a host of its own and forwarding to one of ${SERVICES} Services, in files ` +
        `of a hundred routes; ${SECONDS} seconds each. Resident memory at the end of each period, and its peak since the start. Cores are processor ` +
        "seconds in a second.",
      tables: [
        {
          title: "Both processes",
          columns: ["", "Trilith cores", "Trilith MiB", "Trilith peak MiB", "Envoy cores", "Envoy MiB"],
          rows: periods.map(({ name, trilith, envoy }) => [
            name,
            trilith.cores.toFixed(3),
            trilith.residentMiB.toFixed(0),
            trilith.peakMiB.toFixed(0),
            envoy.cores.toFixed(3),
            envoy.residentMiB.toFixed(0),
          ]),
        },
      ],
      plots: [],
      goals: [
        {
          text: `the control plane fits in ${MOST_MIB} MiB`,
          measured: `${peak.toFixed(0)} MiB at its peak`,
          verdict: peak <= MOST_MIB ? "met" : "missed",
        },
        {
          text: `the control plane takes ${MOST_CORES} of a core, a change a second included`,
          measured: `${cores.toFixed(3)} at most`,
          verdict: cores <= MOST_CORES ? "met" : "missed",
        },
      ],
    };
  },
};

async function period(
  name: string,
  directory: ServedDirectory,
  tell: Tell,
  eachSecond: (second: number) => void,
): Promise<Period> {
  tell(name);
  const envoyPid = directory.envoyPid();
  if (envoyPid === undefined) throw new Error("Envoy does not run");
  const pids = [directory.pid, envoyPid] as const;
  const before = pids.map(processorSeconds);
  const began = performance.now();
  for (let second = 0; second < SECONDS; second += 1) {
    eachSecond(second);
    await delay(1000);
  }
  const seconds = (performance.now() - began) / 1000;
  const useOf = (index: 0 | 1): Use => {
    const { nowMiB, peakMiB } = residentMemory(pids[index]);
    const cores = (processorSeconds(pids[index]) - (before[index] ?? 0)) / seconds;
    return { cores, residentMiB: nowMiB, peakMiB };
  };
  return { name, trilith: useOf(0), envoy: useOf(1) };
}

/** Another file each time, with one route changed. */
function writeChanged(directory: ServedDirectory, second: number): void {
  const changed = second * 100;
  const file = hostFiles(ROUTES, 0, (index) => forwardingRoute(index, index === changed ? second + 1 : 0))[second + 1];
  if (file) directory.write(file.name, file.text);
}

function forwardingRoute(index: number, edition: number): Manifest {
  const backendRefs = [to(`service-${(index + edition) % SERVICES}`)];
  const matches = [under(`/${index}`)];
  return route({
    name: `route-${index}`,
    parent: "edge",
    hostnames: [hostName(index)],
    rules: [{ matches, backendRefs }],
  });
}
