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

/**
 * A text in upper case.
 * @example upper("Spark") // => "SPARK"
 */
export const upper: Unary<string, string> = define("upper");
/**
 * A text in lower case.
 * @example lower("Spark") // => "spark"
 */
export const lower: Unary<string, string> = define("lower");
/**
 * A text with the first letter of each word in upper case, the others in lower.
 * @example initcap("a new day") // => "A New Day"
 */
export const initcap: Unary<string, string> = define("initcap");
/**
 * A text without blanks, or those characters, at both ends.
 * @example trim("  tutti ") // => "tutti"
 */
export const trim: UnaryOr<string, string, string> = define("trim");
/**
 * Without blanks, or those characters, at the beginning.
 * @example ltrim("xxhello", "x") // => "hello"
 */
export const ltrim: UnaryOr<string, string, string> = define("ltrim");
/**
 * Without blanks, or those characters, at the end.
 * @example rtrim("hello!!", "!") // => "hello"
 */
export const rtrim: UnaryOr<string, string, string> = define("rtrim");
/**
 * Without blanks, or those characters, at both ends: as `trim`.
 * @example btrim("--x--", "-") // => "x"
 */
export const btrim: UnaryOr<string, string, string> = define("btrim");
/**
 * Texts with a separator between them, without those that are NULL.
 * @example concatWs("-", "a", "b", "c") // => "a-b-c"
 */
export const concatWs: (separator: Arg<string>, ...parts: readonly Arg<string>[]) => Column<string> =
  define("concat_ws");
/**
 * Characters from a place that counts from 1, or from the end where it is negative.
 * @example substring("concert", 4, 3) // => "cer"
 */
export const substring: BinaryOr<string, Whole, Whole, string> = define("substring");
/**
 * The first characters of a text.
 * @example left("concert", 3) // => "con"
 */
export const left: Binary<string, Whole, string> = define("left");
/**
 * The last characters of a text.
 * @example right("concert", 4) // => "cert"
 */
export const right: Binary<string, Whole, string> = define("right");
/**
 * A text filled at the beginning, or cut, to a length.
 * @example lpad("7", 3, "0") // => "007"
 */
export const lpad: BinaryOr<string, Whole, string, string> = define("lpad");
/**
 * A text filled at the end, or cut, to a length.
 * @example rpad("a", 3, ".") // => "a.."
 */
export const rpad: BinaryOr<string, Whole, string, string> = define("rpad");
/**
 * The text so many times.
 * @example repeat("la", 3) // => "lalala"
 */
export const repeat: Binary<string, Whole, string> = define("repeat");
/**
 * A text with another, or none, in the place of a part.
 * @example replace("one two", "two", "three") // => "one three"
 */
export const replace: BinaryOr<string, string, string, string> = define("replace");
/**
 * A text with other characters in the places of some.
 * @example translate("abcb", "bc", "xy") // => "axyx"
 */
export const translate: Ternary<string, string, string, string> = define("translate");
/**
 * A text put over another from a place that counts from 1.
 * @example overlay("concert", "XX", 2) // => "cXXcert"
 */
export const overlay: (
  value: Arg<string>,
  by: Arg<string>,
  start: Arg<Whole>,
  length?: Arg<Whole>,
) => Column<Nullable<string>> = define("overlay");
/**
 * What stands before the n-th mark, or behind it counted from the end.
 * @example substringIndex("www.example.org", ".", 2) // => "www.example"
 */
export const substringIndex: Ternary<string, string, Whole, string> = define("substring_index");
/**
 * The n-th part between marks, from 1, or from -1 backwards.
 * @example splitPart("2024-05-17", "-", 2) // => "05"
 */
export const splitPart: Ternary<string, string, Whole, string> = define("split_part");
/**
 * Another text in the place of every match; `$1` is the first group.
 * @example regexpReplace("a1b22", "([0-9]+)", "<$1>") // => "a<1>b<22>"
 */
export const regexpReplace: Ternary<string, string, string, string> = define("regexp_replace");
/**
 * A group of the first match, the first one by default; empty where there is none.
 * @example regexpExtract("id=42;", "id=([0-9]+)") // => "42"
 */
export const regexpExtract: BinaryOr<string, string, Whole, string> = define("regexp_extract");
/**
 * A group of every match.
 * @example regexpExtractAll("a1b22", "([0-9]+)") // => ["1", "22"]
 */
export const regexpExtractAll: BinaryOr<string, string, Whole, readonly string[]> = define("regexp_extract_all");
/**
 * The first match, or NULL.
 * @example regexpSubstr("a1b22", "[0-9]+") // => "1"
 */
export const regexpSubstr: Binary<string, string, Nullable<string>> = define("regexp_substr");
/**
 * How many matches.
 * @example regexpCount("a1b22", "[0-9]+") // => 2
 */
export const regexpCount: Binary<string, string, Int> = define("regexp_count");
/**
 * Where the first match begins, from 1; 0 where there is none.
 * @example regexpInstr("ab12", "[0-9]+") // => 3
 */
export const regexpInstr: Binary<string, string, Int> = define("regexp_instr");
/**
 * Whether a regular expression matches somewhere.
 * @example regexpLike("ab12", "[0-9]{2}") // => true
 */
export const regexpLike: Binary<string, string, boolean> = define("regexp_like");
/**
 * Whether a text has the form of SQL's pattern: `%` is any characters, `_` one.
 * @example like("concert", "con%") // => true
 */
export const like: Binary<string, string, boolean> = define("like");
/**
 * SQL's patterns, `%` and `_`, whatever the case.
 * @example ilike("Concert", "CON%") // => true
 */
export const ilike: Binary<string, string, boolean> = define("ilike");
/**
 * Whether a regular expression matches somewhere: as `regexpLike`.
 * @example rlike("concert", "^con") // => true
 */
export const rlike: Binary<string, string, boolean> = define("rlike");
/**
 * Whether a text holds another.
 * @example contains("concert", "cer") // => true
 */
export const contains: Binary<string, string, boolean> = define("contains");
/**
 * Whether a text begins with another.
 * @example startsWith("concert", "con") // => true
 */
export const startsWith: Binary<string, string, boolean> = define("startswith");
/**
 * Whether a text ends with another.
 * @example endsWith("concert", "cert") // => true
 */
export const endsWith: Binary<string, string, boolean> = define("endswith");
/**
 * Parts between matches of a regular expression; at most so many.
 * @example split("a,b,c", ",") // => ["a", "b", "c"]
 */
export const split: BinaryOr<string, string, Whole, readonly string[]> = define("split");
/**
 * How an English word sounds.
 * @example soundex("Miller") // => "M460"
 */
export const soundex: Unary<string, string> = define("soundex");
/**
 * How many letters must change.
 * @example levenshtein("kitten", "sitting") // => 3
 */
export const levenshtein: Binary<string, string, Int> = define("levenshtein");
/**
 * The MD5 sum, in hexadecimal.
 * @example md5("Spark") // => "8cde774d6f7333752ed72cacddb05126"
 */
export const md5: Unary<string | Uint8Array, string> = define("md5");
/**
 * The SHA-1 sum, in hexadecimal.
 * @example sha1("Spark") // => "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c"
 */
export const sha1: Unary<string | Uint8Array, string> = define("sha1");
/**
 * The SHA-2 sum of 256 bits (or 0, which means 256), in hexadecimal.
 * @example left(sha2("Spark", 256), 16) // => "529bc3b07127ecb7"
 */
export const sha2: Binary<string | Uint8Array, Whole, Nullable<string>> = define("sha2");
/**
 * Bytes as text in base 64.
 * @example base64("Spark") // => "U3Bhcms="
 */
export const base64: Unary<string | Uint8Array, string> = define("base64");
/**
 * Text in base 64 as bytes.
 * @example decode(unbase64("U3Bhcms="), "UTF-8") // => "Spark"
 */
export const unbase64: Unary<string, Uint8Array> = define("unbase64");
/**
 * Text as bytes; the charset is UTF-8.
 * @example encode("é", "UTF-8") // => <c3a9>
 */
export const encode: Binary<string, string, Uint8Array> = define("encode");
/**
 * Bytes as text; the charset is UTF-8.
 * @example decode(new Uint8Array([195, 169]), "UTF-8") // => "é"
 */
export const decode: Binary<Uint8Array, string, string> = define("decode");
/**
 * The character of a number, modulo 256.
 * @example chr(65) // => "A"
 */
export const chr: Unary<Whole, string> = define("chr");
/**
 * The number of the first character; 0 of an empty text.
 * @example ascii("A") // => 65
 */
export const ascii: Unary<string, Int> = define("ascii");
/**
 * A number with commas between thousands and so many digits after the point.
 * @example formatNumber(1234567.891, 2) // => "1,234,567.89"
 */
export const formatNumber: Binary<Numeric, Whole, string> = define("format_number");
/**
 * Values in a text, as C's printf.
 * @example formatString("%d of %s", 3, "4") // => "3 of 4"
 */
export const formatString: (format: Arg<string>, ...args: readonly unknown[]) => Column<Nullable<string>> =
  define("format_string");
/**
 * A text with letters as X and x, digits as n.
 * @example mask("Code-42") // => "Xxxx-nn"
 */
export const mask: Unary<string, string> = define("mask");
/**
 * A text as part of a query in a URL.
 * @example urlEncode("a b&c") // => "a+b%26c"
 */
export const urlEncode: Unary<string, string> = define("url_encode");
/**
 * Text of part of a query in a URL.
 * @example urlDecode("a+b%26c") // => "a b&c"
 */
export const urlDecode: Unary<string, string> = define("url_decode");
/**
 * The n-th of some texts, from 1.
 * @example elt(2, "a", "b", "c") // => "b"
 */
export const elt: (index: Arg<Whole>, ...values: readonly Arg<string>[]) => Column<Nullable<string>> = define("elt");
/**
 * Characters of a text, bytes of binary.
 * @example length("naïve") // => 5
 */
export const length: Unary<string | Uint8Array, Int> = define("length");
/**
 * Characters of a text, bytes of binary: as `length`.
 * @example charLength("naïve") // => 5
 */
export const charLength: Unary<string | Uint8Array, Int> = define("char_length");
/**
 * Bytes, of a text in UTF-8.
 * @example octetLength("naïve") // => 6
 */
export const octetLength: Unary<string | Uint8Array, Int> = define("octet_length");
/**
 * Bits, of a text in UTF-8.
 * @example bitLength("abc") // => 24
 */
export const bitLength: Unary<string | Uint8Array, Int> = define("bit_length");
/**
 * Where a part begins, from 1; 0 where it is not there.
 * @example instr("concert", "c") // => 1
 */
export const instr: Binary<string, string, Int> = define("instr");
/**
 * Where a part, which comes first, begins in a text from a place on, from 1; 0 where it is not there.
 * @example locate("c", "concert", 2) // => 4
 */
export const locate: BinaryOr<string, string, Whole, Int> = define("locate");
/**
 * Which part of a list with commas a text is, from 1.
 * @example findInSet("b", "a,b,c") // => 2
 */
export const findInSet: Binary<string, string, Int> = define("find_in_set");
/**
 * A text in quotes, with those inside escaped.
 * @example quote("it's") // => "'it\\'s'"
 */
export const quote: Unary<string, string> = define("quote");
/**
 * What a JSONPath finds in a JSON text, as text.
 * @example getJsonObject('{"a": {"b": 7}}', "$.a.b") // => "7"
 */
export const getJsonObject: Binary<string, string, Nullable<string>> = define("get_json_object");
/**
 * How many elements a JSON array has; NULL where it is none.
 * @example jsonArrayLength("[1, 2, 3]") // => 3
 */
export const jsonArrayLength: Unary<string, Nullable<Int>> = define("json_array_length");
/**
 * The keys of a JSON object; NULL where it is none.
 * @example jsonObjectKeys('{"a": 1, "b": 2}') // => ["a", "b"]
 */
export const jsonObjectKeys: Unary<string, Nullable<readonly string[]>> = define("json_object_keys");
/**
 * A value as JSON text.
 * @example toJson(namedStruct({ a: lit(1), b: lit("x") })) // => "{\"a\":1,\"b\":\"x\"}"
 */
export const toJson: Unary<object, string> = define("to_json");
