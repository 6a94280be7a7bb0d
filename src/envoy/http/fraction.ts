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

/** The requests whose random number lies within: one number per request, so portions of a rule do not overlap. */
export interface Portion {
  readonly from: number;
  readonly below: number;
}

export const everything: Portion = { from: 0, below: WHOLE };

export const isEverything = ({ from, below }: Portion): boolean => from === 0 && below === WHOLE;
