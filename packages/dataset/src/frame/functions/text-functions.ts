import type { Column } from "../column.ts";
import type { Int } from "../schema.ts";
import {
  define,
  type Arg,
  type Binary,
  type BinaryOr,
  type Nullable,
  type Numeric,
  type Ternary,
  type Unary,
  type UnaryOr,
  type Whole,
} from "./signature.ts";

/** In upper case. */
export const upper: Unary<string, string> = define("upper");
/** In lower case. */
export const lower: Unary<string, string> = define("lower");
/** The first letter of each word in upper case, the others in lower. */
export const initcap: Unary<string, string> = define("initcap");
/** Without blanks, or those characters, at both ends. */
export const trim: UnaryOr<string, string, string> = define("trim");
/** The same at the beginning. */
export const ltrim: UnaryOr<string, string, string> = define("ltrim");
/** The same at the end. */
export const rtrim: UnaryOr<string, string, string> = define("rtrim");
/** As `trim`. */
export const btrim: UnaryOr<string, string, string> = define("btrim");
/** Texts with a separator between them, without those that are NULL. */
export const concatWs: (separator: Arg<string>, ...parts: readonly Arg<string>[]) => Column<string> =
  define("concat_ws");
/** Characters from a place that counts from 1, or from the end where it is negative. */
export const substring: BinaryOr<string, Whole, Whole, string> = define("substring");
/** The first characters. */
export const left: Binary<string, Whole, string> = define("left");
/** The last characters. */
export const right: Binary<string, Whole, string> = define("right");
/** Filled at the beginning, or cut, to a length. */
export const lpad: BinaryOr<string, Whole, string, string> = define("lpad");
/** Filled at the end, or cut, to a length. */
export const rpad: BinaryOr<string, Whole, string, string> = define("rpad");
/** So many times. */
export const repeat: Binary<string, Whole, string> = define("repeat");
/** Another text, or none, in the place of a part. */
export const replace: BinaryOr<string, string, string, string> = define("replace");
/** Other characters in the places of some. */
export const translate: Ternary<string, string, string, string> = define("translate");
/** A text put over another from a place that counts from 1. */
export const overlay: (
  value: Arg<string>,
  by: Arg<string>,
  start: Arg<Whole>,
  length?: Arg<Whole>,
) => Column<Nullable<string>> = define("overlay");
/** What stands before the n-th mark, or behind it counted from the end. */
export const substringIndex: Ternary<string, string, Whole, string> = define("substring_index");
/** The n-th part between marks, from 1, or from -1 backwards. */
export const splitPart: Ternary<string, string, Whole, string> = define("split_part");
/** Another text in the place of every match; `$1` is the first group. */
export const regexpReplace: Ternary<string, string, string, string> = define("regexp_replace");
/** A group of the first match, the first one by default; empty where there is none. */
export const regexpExtract: BinaryOr<string, string, Whole, string> = define("regexp_extract");
/** A group of every match. */
export const regexpExtractAll: BinaryOr<string, string, Whole, readonly string[]> = define("regexp_extract_all");
/** The first match, or NULL. */
export const regexpSubstr: Binary<string, string, Nullable<string>> = define("regexp_substr");
/** How many matches. */
export const regexpCount: Binary<string, string, Int> = define("regexp_count");
/** Where the first match begins, from 1; 0 where there is none. */
export const regexpInstr: Binary<string, string, Int> = define("regexp_instr");
/** Whether a regular expression matches somewhere. */
export const regexpLike: Binary<string, string, boolean> = define("regexp_like");
/** SQL's patterns: `%` and `_`. */
export const like: Binary<string, string, boolean> = define("like");
/** The same whatever the case. */
export const ilike: Binary<string, string, boolean> = define("ilike");
/** As `regexpLike`. */
export const rlike: Binary<string, string, boolean> = define("rlike");
/** Whether a text holds another. */
export const contains: Binary<string, string, boolean> = define("contains");
/** Whether a text begins with another. */
export const startsWith: Binary<string, string, boolean> = define("startswith");
/** Whether a text ends with another. */
export const endsWith: Binary<string, string, boolean> = define("endswith");
/** Parts between matches of a regular expression; at most so many. */
export const split: BinaryOr<string, string, Whole, readonly string[]> = define("split");
/** How an English word sounds. */
export const soundex: Unary<string, string> = define("soundex");
/** How many letters must change. */
export const levenshtein: Binary<string, string, Int> = define("levenshtein");
/** The MD5 sum, in hexadecimal. */
export const md5: Unary<string | Uint8Array, string> = define("md5");
/** The SHA-1 sum, in hexadecimal. */
export const sha1: Unary<string | Uint8Array, string> = define("sha1");
/** The SHA-2 sum of 256 bits (or 0, which means 256), in hexadecimal. */
export const sha2: Binary<string | Uint8Array, Whole, Nullable<string>> = define("sha2");
/** Bytes as text in base 64. */
export const base64: Unary<string | Uint8Array, string> = define("base64");
/** Text in base 64 as bytes. */
export const unbase64: Unary<string, Uint8Array> = define("unbase64");
/** Text as bytes; the charset is UTF-8. */
export const encode: Binary<string, string, Uint8Array> = define("encode");
/** Bytes as text; the charset is UTF-8. */
export const decode: Binary<Uint8Array, string, string> = define("decode");
/** The character of a number, modulo 256. */
export const chr: Unary<Whole, string> = define("chr");
/** The number of the first character; 0 of an empty text. */
export const ascii: Unary<string, Int> = define("ascii");
/** With commas between thousands and so many digits after the point. */
export const formatNumber: Binary<Numeric, Whole, string> = define("format_number");
/** As C's printf. */
export const formatString: (format: Arg<string>, ...args: readonly unknown[]) => Column<Nullable<string>> =
  define("format_string");
/** Letters as X and x, digits as n. */
export const mask: Unary<string, string> = define("mask");
/** As part of a query in a URL. */
export const urlEncode: Unary<string, string> = define("url_encode");
/** The opposite. */
export const urlDecode: Unary<string, string> = define("url_decode");
/** The n-th of some texts, from 1. */
export const elt: (index: Arg<Whole>, ...values: readonly Arg<string>[]) => Column<Nullable<string>> = define("elt");
/** Characters of a text, bytes of binary. */
export const length: Unary<string | Uint8Array, Int> = define("length");
/** As `length`. */
export const charLength: Unary<string | Uint8Array, Int> = define("char_length");
/** Bytes, of a text in UTF-8. */
export const octetLength: Unary<string | Uint8Array, Int> = define("octet_length");
/** Bits, of a text in UTF-8. */
export const bitLength: Unary<string | Uint8Array, Int> = define("bit_length");
/** Where a part begins, from 1; 0 where it is not there. */
export const instr: Binary<string, string, Int> = define("instr");
/** The same with the part first, from a place on. */
export const locate: BinaryOr<string, string, Whole, Int> = define("locate");
/** Which part of a list with commas a text is, from 1. */
export const findInSet: Binary<string, string, Int> = define("find_in_set");
/** In quotes, with those inside escaped. */
export const quote: Unary<string, string> = define("quote");
/** What a JSONPath finds in a JSON text, as text. */
export const getJsonObject: Binary<string, string, Nullable<string>> = define("get_json_object");
/** How many elements a JSON array has; NULL where it is none. */
export const jsonArrayLength: Unary<string, Nullable<Int>> = define("json_array_length");
/** The keys of a JSON object; NULL where it is none. */
export const jsonObjectKeys: Unary<string, Nullable<readonly string[]>> = define("json_object_keys");
/** As JSON text. */
export const toJson: Unary<object, string> = define("to_json");
