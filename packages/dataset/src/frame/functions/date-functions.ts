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

/**
 * The year.
 * @example year(toDate("2024-05-17")) // => 2024
 */
export const year: Unary<Moment, Int> = define("year");
/**
 * The quarter of the year, 1 to 4.
 * @example quarter(toDate("2024-05-17")) // => 2
 */
export const quarter: Unary<Moment, Int> = define("quarter");
/**
 * The month, 1 to 12.
 * @example month(toDate("2024-05-17")) // => 5
 */
export const month: Unary<Moment, Int> = define("month");
/**
 * The day of the month.
 * @example day(toDate("2024-05-17")) // => 17
 */
export const day: Unary<Moment, Int> = define("day");
/**
 * The day of the week: 1 is Sunday, 7 is Saturday.
 * @example dayOfWeek(toDate("2024-05-17")) // => 6
 */
export const dayOfWeek: Unary<Moment, Int> = define("dayofweek");
/**
 * The day of the week: 0 is Monday, 6 is Sunday.
 * @example weekday(toDate("2024-05-17")) // => 4
 */
export const weekday: Unary<Moment, Int> = define("weekday");
/**
 * The day of the year, 1 to 366.
 * @example dayOfYear(toDate("2024-05-17")) // => 138
 */
export const dayOfYear: Unary<Moment, Int> = define("dayofyear");
/**
 * The week by ISO 8601.
 * @example weekOfYear(toDate("2024-05-17")) // => 20
 */
export const weekOfYear: Unary<Moment, Int> = define("weekofyear");
/**
 * The hour, in the context's zone.
 * @example hour(toTimestamp("2024-05-17 08:09:10")) // => 8
 */
export const hour: Unary<Moment, Int> = define("hour");
/**
 * The minute of the hour.
 * @example minute(toTimestamp("2024-05-17 08:09:10")) // => 9
 */
export const minute: Unary<Moment, Int> = define("minute");
/**
 * The second of the minute.
 * @example second(toTimestamp("2024-05-17 08:09:10")) // => 10
 */
export const second: Unary<Moment, Int> = define("second");
/**
 * The day of the week, `Mon` to `Sun`.
 * @example dayname(toDate("2024-05-17")) // => "Fri"
 */
export const dayname: Unary<Moment, string> = define("dayname");
/**
 * The month, `Jan` to `Dec`.
 * @example monthname(toDate("2024-05-17")) // => "May"
 */
export const monthname: Unary<Moment, string> = define("monthname");
/**
 * Today, in the context's zone; the same throughout a query.
 * @example currentDate().gt(toDate("2024-05-17")) // => true
 */
export const currentDate: () => Column<Date> = define("current_date");
/**
 * Now; the same throughout a query.
 * @example currentTimestamp().eq(now()) // => true
 */
export const currentTimestamp: () => Column<Timestamp> = define("current_timestamp");
/**
 * Now; the same throughout a query: as `currentTimestamp`.
 * @example year(now()).gt(2023) // => true
 */
export const now: () => Column<Timestamp> = define("now");
/**
 * Now on the clocks of the context's zone.
 * @example localTimestamp().isNotNull() // => true
 */
export const localTimestamp: () => Column<Timestamp> = define("localtimestamp");
/**
 * The day so many days later.
 * @example dateAdd(toDate("2024-02-28"), 2) // => 2024-03-01
 */
export const dateAdd: Binary<Moment, Whole, Date> = define("date_add");
/**
 * The day so many days earlier.
 * @example dateSub(toDate("2024-03-01"), 1) // => 2024-02-29
 */
export const dateSub: Binary<Moment, Whole, Date> = define("date_sub");
/**
 * Days from the second to the first.
 * @example dateDiff(toDate("2024-03-01"), toDate("2024-02-01")) // => 29
 */
export const dateDiff: Binary<Moment, Moment, Int> = define("datediff");
/**
 * The day so many months later; the last day of the month where that one is shorter.
 * @example addMonths(toDate("2024-01-31"), 1) // => 2024-02-29
 */
export const addMonths: Binary<Moment, Whole, Date> = define("add_months");
/**
 * Months from the second to the first, with parts by days of 31.
 * @example monthsBetween(toDate("2024-03-15"), toDate("2024-01-01")) // => 2.4516129
 */
export const monthsBetween: Binary<Moment, Moment, number> = define("months_between");
/**
 * The last day of the month.
 * @example lastDay(toDate("2024-02-10")) // => 2024-02-29
 */
export const lastDay: Unary<Moment, Date> = define("last_day");
/**
 * The first day after a day that is a `Mon`, `Tue` …
 * @example nextDay(toDate("2024-05-17"), "Mon") // => 2024-05-20
 */
export const nextDay: Binary<Moment, string, Nullable<Date>> = define("next_day");
/**
 * The first day of the `year`, `quarter`, `month` or `week` of a day.
 * @example trunc(toDate("2024-05-17"), "month") // => 2024-05-01
 */
export const trunc: Binary<Moment, string, Nullable<Date>> = define("trunc");
/**
 * The beginning of the unit of a moment; the unit comes first: `hour`, `day`, `week` …
 * @example dateTrunc("hour", toTimestamp("2024-05-17 08:09:10")) // => 2024-05-17T08:00:00Z
 */
export const dateTrunc: Binary<string, Moment, Nullable<Timestamp>> = define("date_trunc");
/**
 * A moment as text by Java's letters: `yyyy-MM-dd HH:mm`.
 * @example dateFormat(toTimestamp("2024-05-17 08:09:10"), "dd.MM.yyyy HH:mm") // => "17.05.2024 08:09"
 */
export const dateFormat: Binary<Moment, string, string> = define("date_format");
/**
 * A day from text, by a pattern of Java's letters. Another text is an error.
 * @example toDate("17.05.2024", "dd.MM.yyyy") // => 2024-05-17
 */
export const toDate: UnaryOr<string | Date | Timestamp, string, Date> = define("to_date");
/**
 * A timestamp from text; NULL of another text.
 * @example tryToTimestamp("soon") // => null
 */
export const tryToTimestamp: UnaryOr<string, string, Nullable<Timestamp>> = define("try_to_timestamp");
/**
 * A timestamp from text, by a pattern of Java's letters.
 * @example toTimestamp("17.05.2024 08:09", "dd.MM.yyyy HH:mm") // => 2024-05-17T08:09:00Z
 */
export const toTimestamp: UnaryOr<string | Date | Timestamp, string, Timestamp> = define("to_timestamp");
/**
 * A timestamp in no zone from text, by a pattern of Java's letters.
 * @example toTimestampNtz("2024-05-17 08:09:10") // => 2024-05-17T08:09:10Z
 */
export const toTimestampNtz: UnaryOr<string | Date | Timestamp, string, Timestamp> = define("to_timestamp_ntz");
/**
 * Seconds since 1970.
 * @example unixTimestamp("1970-01-02 00:00:00") // => 86400n
 */
export const unixTimestamp: UnaryOr<string | Date | Timestamp, string, bigint> = define("unix_timestamp");
/**
 * Seconds since 1970 as text.
 * @example fromUnixTime(86400) // => "1970-01-02 00:00:00"
 */
export const fromUnixTime: UnaryOr<Whole, string, string> = define("from_unixtime");
/**
 * Whole seconds since 1970.
 * @example unixSeconds(timestampSeconds(1.5)) // => 1n
 */
export const unixSeconds: Unary<Moment, bigint> = define("unix_seconds");
/**
 * Milliseconds since 1970.
 * @example unixMillis(timestampSeconds(1.5)) // => 1500n
 */
export const unixMillis: Unary<Moment, bigint> = define("unix_millis");
/**
 * Microseconds since 1970.
 * @example unixMicros(timestampSeconds(1.5)) // => 1500000n
 */
export const unixMicros: Unary<Moment, bigint> = define("unix_micros");
/**
 * Days since 1970.
 * @example unixDate(toDate("1970-01-11")) // => 10
 */
export const unixDate: Unary<Moment, Int> = define("unix_date");
/**
 * The day so many days after 1970-01-01.
 * @example dateFromUnixDate(10) // => 1970-01-11
 */
export const dateFromUnixDate: Unary<Whole, Date> = define("date_from_unix_date");
/**
 * The moment so many seconds after 1970.
 * @example timestampSeconds(1.5) // => 1970-01-01T00:00:01.5Z
 */
export const timestampSeconds: Unary<Numeric, Timestamp> = define("timestamp_seconds");
/**
 * The moment so many milliseconds after 1970.
 * @example timestampMillis(1500) // => 1970-01-01T00:00:01.5Z
 */
export const timestampMillis: Unary<Whole, Timestamp> = define("timestamp_millis");
/**
 * The moment so many microseconds after 1970.
 * @example timestampMicros(1500) // => 1970-01-01T00:00:00.0015Z
 */
export const timestampMicros: Unary<Whole, Timestamp> = define("timestamp_micros");
/**
 * The day of a year, month and day. What is no day is an error.
 * @example makeDate(2024, 2, 29) // => 2024-02-29
 */
export const makeDate: Ternary<Whole, Whole, Whole, Date> = define("make_date");
/**
 * The moment of its parts, in the context's zone.
 * @example makeTimestamp(2024, 5, 17, 8, 9, 10) // => 2024-05-17T08:09:10Z
 */
export const makeTimestamp: (
  year: Arg<Whole>,
  month: Arg<Whole>,
  day: Arg<Whole>,
  hour: Arg<Whole>,
  minute: Arg<Whole>,
  second: Arg<Numeric>,
) => Column<Nullable<Timestamp>> = define("make_timestamp");
/**
 * What a clock shows in UTC when one of a zone shows this.
 * @example toUtcTimestamp(toTimestamp("2024-05-17 08:00:00"), "Asia/Tokyo") // => 2024-05-16T23:00:00Z
 */
export const toUtcTimestamp: Binary<Moment, string, Timestamp> = define("to_utc_timestamp");
/**
 * What a clock of a zone shows when one in UTC shows this.
 * @example fromUtcTimestamp(toTimestamp("2024-05-17 08:00:00"), "Asia/Tokyo") // => 2024-05-17T17:00:00Z
 */
export const fromUtcTimestamp: Binary<Moment, string, Timestamp> = define("from_utc_timestamp");
