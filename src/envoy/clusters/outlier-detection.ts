/** When an endpoint that fails is left alone. Every way to eject that Envoy has on by default and nobody asked for is off. */
import { create } from "@bufbuild/protobuf";
import { OutlierDetectionSchema } from "../../generated/envoy/config/cluster/v3/outlier_detection_pb.ts";
import type { OutlierDetection as EnvoyOutlierDetection } from "../../generated/envoy/config/cluster/v3/outlier_detection_pb.ts";
import type { OutlierDetection } from "../../model/index.ts";
import { durationOf } from "../http/duration-of.ts";

export function outlierDetectionOf(detection: OutlierDetection): EnvoyOutlierDetection {
  const { consecutive5xxErrors, consecutiveGatewayErrors, consecutiveLocalErrors } = detection;
  return create(OutlierDetectionSchema, {
    ...(consecutive5xxErrors !== undefined && { consecutive5xx: consecutive5xxErrors }),
    enforcingConsecutive5xx: enforcedIf(consecutive5xxErrors),
    ...(consecutiveGatewayErrors !== undefined && { consecutiveGatewayFailure: consecutiveGatewayErrors }),
    enforcingConsecutiveGatewayFailure: enforcedIf(consecutiveGatewayErrors),
    // Only then are they no answers 5xx.
    splitExternalLocalOriginErrors: consecutiveLocalErrors !== undefined,
    ...(consecutiveLocalErrors !== undefined && { consecutiveLocalOriginFailure: consecutiveLocalErrors }),
    enforcingConsecutiveLocalOriginFailure: enforcedIf(consecutiveLocalErrors),
    enforcingSuccessRate: 0,
    enforcingLocalOriginSuccessRate: 0,
    enforcingFailurePercentage: 0,
    enforcingFailurePercentageLocalOrigin: 0,
    interval: durationOf(detection.intervalMs),
    baseEjectionTime: durationOf(detection.baseEjectionMs),
    maxEjectionTime: durationOf(detection.maxEjectionMs),
    maxEjectionPercent: detection.maxEjectionPercent,
    // The share is what its owner said, also of one endpoint.
    alwaysEjectOneHost: false,
  });
}

const enforcedIf = (threshold: number | undefined): number => (threshold === undefined ? 0 : 100);
