/** Times as protobuf has them. */
import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Duration } from "@bufbuild/protobuf/wkt";

export const seconds = (value: number): Duration => create(DurationSchema, { seconds: BigInt(value) });
