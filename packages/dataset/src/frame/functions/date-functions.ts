import type { Column } from "../column.ts";
import type { Int } from "../schema.ts";
import type { Timestamp } from "../values.ts";
import {
  define,
  type Arg,
  type Binary,
  type Moment,
  type Nullable,
  type Numeric,
  type Ternary,
  type Unary,
  type UnaryOr,
  type Whole,
} from "./signature.ts";

/** The year. */
export const year: Unary<Moment, Int> = define("year");
/** 1 to 4. */
export const quarter: Unary<Moment, Int> = define("quarter");
/** 1 to 12. */
export const month: Unary<Moment, Int> = define("month");
/** The day of the month. */
export const day: Unary<Moment, Int> = define("day");
/** 1 is Sunday, 7 is Saturday. */
export const dayOfWeek: Unary<Moment, Int> = define("dayofweek");
/** 0 is Monday, 6 is Sunday. */
export const weekday: Unary<Moment, Int> = define("weekday");
/** 1 to 366. */
export const dayOfYear: Unary<Moment, Int> = define("dayofyear");
/** The week by ISO 8601. */
export const weekOfYear: Unary<Moment, Int> = define("weekofyear");
/** In the context's zone. */
export const hour: Unary<Moment, Int> = define("hour");
/** Of the hour. */
export const minute: Unary<Moment, Int> = define("minute");
/** Of the minute. */
export const second: Unary<Moment, Int> = define("second");
/** `Mon` to `Sun`. */
export const dayname: Unary<Moment, string> = define("dayname");
/** `Jan` to `Dec`. */
export const monthname: Unary<Moment, string> = define("monthname");
/** Today, in the context's zone; the same throughout a query. */
export const currentDate: () => Column<Date> = define("current_date");
/** Now; the same throughout a query. */
export const currentTimestamp: () => Column<Timestamp> = define("current_timestamp");
/** As `currentTimestamp`. */
export const now: () => Column<Timestamp> = define("now");
/** Now on the clocks of the context's zone. */
export const localTimestamp: () => Column<Timestamp> = define("localtimestamp");
/** So many days later. */
export const dateAdd: Binary<Moment, Whole, Date> = define("date_add");
/** So many days earlier. */
export const dateSub: Binary<Moment, Whole, Date> = define("date_sub");
/** Days from the second to the first. */
export const dateDiff: Binary<Moment, Moment, Int> = define("datediff");
/** So many months later; the last day of the month where that one is shorter. */
export const addMonths: Binary<Moment, Whole, Date> = define("add_months");
/** Months from the second to the first, with parts by days of 31. */
export const monthsBetween: Binary<Moment, Moment, number> = define("months_between");
/** The last day of the month. */
export const lastDay: Unary<Moment, Date> = define("last_day");
/** The first day after it that is a `Mon`, `Tue` … */
export const nextDay: Binary<Moment, string, Nullable<Date>> = define("next_day");
/** The first day of its `year`, `quarter`, `month` or `week`. */
export const trunc: Binary<Moment, string, Nullable<Date>> = define("trunc");
/** The beginning of its unit, which comes first: `hour`, `day`, `week` … */
export const dateTrunc: Binary<string, Moment, Nullable<Timestamp>> = define("date_trunc");
/** As text by Java's letters: `yyyy-MM-dd HH:mm`. */
export const dateFormat: Binary<Moment, string, string> = define("date_format");
/** A day from text, by a pattern of Java's letters. Another text is an error. */
export const toDate: UnaryOr<string | Date | Timestamp, string, Date> = define("to_date");
/** A timestamp from text; NULL of another text. */
export const tryToTimestamp: UnaryOr<string, string, Nullable<Timestamp>> = define("try_to_timestamp");
/** A timestamp from text, by a pattern of Java's letters. */
export const toTimestamp: UnaryOr<string | Date | Timestamp, string, Timestamp> = define("to_timestamp");
/** The same in no zone. */
export const toTimestampNtz: UnaryOr<string | Date | Timestamp, string, Timestamp> = define("to_timestamp_ntz");
/** Seconds since 1970. */
export const unixTimestamp: UnaryOr<string | Date | Timestamp, string, bigint> = define("unix_timestamp");
/** Seconds since 1970 as text. */
export const fromUnixTime: UnaryOr<Whole, string, string> = define("from_unixtime");
/** Whole seconds since 1970. */
export const unixSeconds: Unary<Moment, bigint> = define("unix_seconds");
/** Milliseconds since 1970. */
export const unixMillis: Unary<Moment, bigint> = define("unix_millis");
/** Microseconds since 1970. */
export const unixMicros: Unary<Moment, bigint> = define("unix_micros");
/** Days since 1970. */
export const unixDate: Unary<Moment, Int> = define("unix_date");
/** The day so many days after 1970-01-01. */
export const dateFromUnixDate: Unary<Whole, Date> = define("date_from_unix_date");
/** So many seconds after 1970. */
export const timestampSeconds: Unary<Numeric, Timestamp> = define("timestamp_seconds");
/** So many milliseconds after 1970. */
export const timestampMillis: Unary<Whole, Timestamp> = define("timestamp_millis");
/** So many microseconds after 1970. */
export const timestampMicros: Unary<Whole, Timestamp> = define("timestamp_micros");
/** Of year, month and day. What is no day is an error. */
export const makeDate: Ternary<Whole, Whole, Whole, Date> = define("make_date");
/** Of its parts, in the context's zone. */
export const makeTimestamp: (
  year: Arg<Whole>,
  month: Arg<Whole>,
  day: Arg<Whole>,
  hour: Arg<Whole>,
  minute: Arg<Whole>,
  second: Arg<Numeric>,
) => Column<Nullable<Timestamp>> = define("make_timestamp");
/** What a clock shows in UTC when one of a zone shows this. */
export const toUtcTimestamp: Binary<Moment, string, Timestamp> = define("to_utc_timestamp");
/** What a clock of a zone shows when one in UTC shows this. */
export const fromUtcTimestamp: Binary<Moment, string, Timestamp> = define("from_utc_timestamp");
