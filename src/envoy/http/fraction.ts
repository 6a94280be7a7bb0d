/** Shares of requests, as Envoy counts them: out of a million. */
import { create } from "@bufbuild/protobuf";
import {
  FractionalPercent_DenominatorType as Denominator,
  FractionalPercentSchema,
} from "../../generated/envoy/type/v3/percent_pb.ts";
import type { FractionalPercent } from "../../generated/envoy/type/v3/percent_pb.ts";

export const WHOLE = 1_000_000;

export const partsPerMillion = (numerator: number): FractionalPercent =>
  create(FractionalPercentSchema, { numerator, denominator: Denominator.MILLION });
