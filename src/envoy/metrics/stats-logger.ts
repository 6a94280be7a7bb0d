/**
 * Envoy's access logger that counts instead of writing: its counters and histograms have labels by formats of the access log. No format
 * here may be of anything that a client chooses; and besides, there is an end to how many there can be: the scope takes no
 * more, and lets go of what nothing was counted in for an hour or two (bootstrap: `stats_eviction_interval`).
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/access_loggers/stats/v3/stats.proto
 */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { AccessLogFilterSchema, AccessLogSchema } from "../../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import type { AccessLog, AccessLogFilter } from "../../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import type { AccessLogType } from "../../generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import {
  Config_Histogram_Unit as Unit,
  ConfigSchema,
  type Config_StatSchema,
} from "../../generated/envoy/extensions/access_loggers/stats/v3/stats_pb.ts";
import { ScopeSchema } from "../../generated/envoy/type/v3/scope_pb.ts";
import { TRAFFIC_PREFIX } from "../../model/index.ts";

/** By name, formats of the access log. */
export type Labels = Readonly<Record<string, string>>;

/** What is counted each time that something is logged. */
export type Counted =
  | { readonly kind: "once"; readonly name: string; readonly labels: Labels }
  /** `amount`: a format that gives a number. */
  | {
      readonly kind: "amount" | "milliseconds";
      readonly name: string;
      readonly amount: string;
      readonly labels: Labels;
    };

/**
 * For one logger, which is one of a listener's. A call from one workload to another takes three to ten counters and a histogram. What
 * is beyond is not counted, which `server.stats_overflow` counts. One scope for all loggers (`sharing_name`) would be a bound for the
 * whole proxy, but Envoy 1.40 ends with it in `--mode validate`.
 */
const MAX = { counters: 4_000, histograms: 400 } as const;

const scope = create(ScopeSchema, {
  prefix: TRAFFIC_PREFIX,
  maxCounters: MAX.counters,
  maxHistograms: MAX.histograms,
  enableEviction: true,
});

/** `at`: what kind of log entry it is for; absent: every one. */
export function statsLogger(counted: readonly Counted[], at?: AccessLogType): AccessLog {
  const config = create(ConfigSchema, {
    statsScope: scope,
    counters: counted.flatMap((each) => {
      if (each.kind === "milliseconds") return [];
      return [{ stat: statOf(each), ...(each.kind === "once" ? { valueFixed: 1n } : { valueFormat: each.amount }) }];
    }),
    histograms: counted.flatMap((each) =>
      each.kind === "milliseconds" ? [{ stat: statOf(each), unit: Unit.Milliseconds, valueFormat: each.amount }] : [],
    ),
  });
  return create(AccessLogSchema, {
    name: "envoy.access_loggers.stats",
    ...(at !== undefined && { filter: onlyAt(at) }),
    configType: {
      case: "typedConfig",
      value: anyPack(ConfigSchema, config),
    },
  });
}

/** An entry is made when a connection has reached its target, and one when it is over. */
export const onlyAt = (type: AccessLogType): AccessLogFilter =>
  create(AccessLogFilterSchema, { filterSpecifier: { case: "logTypeFilter", value: { types: [type] } } });

const statOf = ({ name, labels }: Counted): MessageInitShape<typeof Config_StatSchema> => ({
  name,
  tags: Object.entries(labels).map(([label, valueFormat]) => ({ name: label, valueFormat })),
});
