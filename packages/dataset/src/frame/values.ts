import { DatasetError } from "../dataset-error.ts";
import { shorten } from "../shorten.ts";

/** An exact decimal number: `unscaled` times ten to the power of minus `scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  /** Digits after the point. */
  readonly scale: number;
  /** All digits: `-1.20`. */
  toString(): string;
  /** The nearest double. */
  toNumber(): number;
  /** Text, so that no digit is lost. */
  toJSON(): string;
}

/** A point in time to the microsecond. A `Date` would lose three digits; `toDate()` cuts them. */
export interface Timestamp {
  /** Microseconds since 1970-01-01 in UTC; of a time without zone, as if it were UTC. */
  readonly epochMicros: bigint;
  toDate(): Date;
  /** ISO 8601 in UTC with as many digits as needed: `2001-02-03T04:05:06.789Z`. */
  toString(): string;
  toJSON(): string;
}

/** A span of calendar months, days and microseconds, kept apart since neither months nor days have one length. */
export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
  toString(): string;
  toJSON(): string;
}

class DecimalValue implements Decimal {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled;
    this.scale = scale;
  }

  toString(): string {
    const digits = String(this.unscaled < 0n ? -this.unscaled : this.unscaled).padStart(this.scale + 1, "0");
    const sign = this.unscaled < 0n ? "-" : "";
    if (this.scale === 0) return `${sign}${digits}`;
    return `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }

  toNumber(): number {
    return Number(this.toString());
  }

  toJSON(): string {
    return this.toString();
  }
}

class TimestampValue implements Timestamp {
  readonly epochMicros: bigint;

  constructor(epochMicros: bigint) {
    this.epochMicros = epochMicros;
  }

  toDate(): Date {
    return new Date(Number(floorDivide(this.epochMicros, 1000n)));
  }

  toString(): string {
    const seconds = floorDivide(this.epochMicros, 1_000_000n);
    const micros = this.epochMicros - seconds * 1_000_000n;
    const whole = new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, "");
    const fraction = String(micros).padStart(6, "0").replace(/0+$/, "");
    return `${whole}${fraction === "" ? "" : `.${fraction}`}Z`;
  }

  toJSON(): string {
    return this.toString();
  }
}

class IntervalValue implements Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;

  constructor({ months, days, micros }: Pick<Interval, "months" | "days" | "micros">) {
    this.months = months;
    this.days = days;
    this.micros = micros;
  }

  toString(): string {
    return `${this.months} months ${this.days} days ${this.micros} microseconds`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

export function createDecimal(unscaled: bigint, scale: number): Decimal {
  return new DecimalValue(unscaled, scale);
}

export function createTimestamp(epochMicros: bigint): Timestamp {
  return new TimestampValue(epochMicros);
}

export function createInterval(parts: Pick<Interval, "months" | "days" | "micros">): Interval {
  return new IntervalValue(parts);
}

export function isDecimal(value: unknown): value is Decimal {
  return value instanceof DecimalValue;
}

export function isTimestamp(value: unknown): value is Timestamp {
  return value instanceof TimestampValue;
}

export function isInterval(value: unknown): value is Interval {
  return value instanceof IntervalValue;
}

/**
 * An exact decimal from its text. A number would have been rounded before it arrived here.
 *
 * ```ts
 * import { decimal } from "@tutti/dataset";
 *
 * console.log(String(decimal("0.10"))); // => 0.10
 * ```
 */
export function decimal(text: string): Decimal {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  const [, sign = "", integral = "", fraction = ""] = match ?? [];
  if (
    match === null ||
    integral.length + fraction.length === 0 ||
    integral.replace(/^0+/, "").length + fraction.length > 38
  ) {
    throw new DatasetError(
      "invalid-argument",
      `${shorten(text)} is no decimal number of at most 38 digits, such as "12.30"`,
    );
  }
  const unscaled = BigInt(`${integral}${fraction}`);
  return createDecimal(sign === "-" ? -unscaled : unscaled, fraction.length);
}

/**
 * A timestamp from a `Date`, from microseconds since 1970, or from an ISO 8601 text with a zone.
 *
 * ```ts
 * import { timestamp } from "@tutti/dataset";
 *
 * console.log(timestamp("2001-02-03T04:05:06.789Z").epochMicros); // => 981173106789000n
 * ```
 */
export function timestamp(moment: Date | bigint | string): Timestamp {
  if (typeof moment === "bigint") return createTimestamp(moment);
  if (typeof moment === "string") return timestampOfText(moment);
  const milliseconds = moment.getTime();
  if (Number.isNaN(milliseconds)) throw new DatasetError("invalid-argument", "an invalid Date is no timestamp");
  return createTimestamp(BigInt(milliseconds) * 1000n);
}

function timestampOfText(text: string): Timestamp {
  const match = /^(.*?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:?\d\d)$/.exec(text);
  const seconds = Date.parse(`${match?.[1] ?? ""}${match?.[3] ?? ""}`);
  if (match === null || Number.isNaN(seconds)) {
    throw new DatasetError("invalid-argument", `${shorten(text)} is no timestamp such as 2001-02-03T04:05:06.789Z`);
  }
  return createTimestamp(BigInt(seconds) * 1000n + BigInt((match[2] ?? "").padEnd(6, "0")));
}

/**
 * A span of time to add to dates and timestamps. `interval({ months: 1, days: -3 })`.
 *
 * ```ts
 * import { createContext, interval, toDate } from "@tutti/dataset";
 *
 * const tutti = createContext();
 * const [row] = await tutti.rangeFrame(0, 1).select(toDate("2024-01-31").plus(interval({ months: 1 })).as("due")).collect();
 * console.log(row?.due); // => 2024-02-29T00:00:00.000Z
 * await tutti.close();
 * ```
 */
export function interval(parts: {
  readonly years?: number;
  readonly months?: number;
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}): Interval {
  const wrong = Object.entries(parts).find(
    ([unit, value]) => !Number.isFinite(value) || (unit !== "seconds" && !Number.isInteger(value)),
  );
  if (wrong !== undefined) {
    throw new DatasetError("invalid-argument", `an interval of ${shorten(wrong[1])} ${wrong[0]} is no whole number`);
  }
  const { years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = parts;
  const micros = BigInt(hours * 3600 + minutes * 60) * 1_000_000n + BigInt(Math.round(seconds * 1e6));
  return createInterval({ months: years * 12 + months, days: weeks * 7 + days, micros });
}
