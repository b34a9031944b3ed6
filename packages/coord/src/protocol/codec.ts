import type { JuteReader } from "./jute-reader.ts";
import type { JuteWriter } from "./jute-writer.ts";

/** A pair of twins: what `write` puts down, `read` takes up again. */
export interface Codec<T> {
  /** Fewest bytes that any value takes; bounds the length of vectors. */
  readonly bytesMin: number;
  write(writer: JuteWriter, value: T): void;
  read(reader: JuteReader): T;
}

export const bool: Codec<boolean> = {
  bytesMin: 1,
  write: (writer, value) => writer.bool(value),
  read: (reader) => reader.bool(),
};

export const int: Codec<number> = {
  bytesMin: 4,
  write: (writer, value) => writer.int(value),
  read: (reader) => reader.int(),
};

export const long: Codec<bigint> = {
  bytesMin: 8,
  write: (writer, value) => writer.long(value),
  read: (reader) => reader.long(),
};

/** A string that must be present. */
export const text: Codec<string> = {
  bytesMin: 4,
  write: (writer, value) => writer.ustring(value),
  read: (reader) => reader.text(),
};

/** A string that may be null. */
export const ustring: Codec<string | null> = {
  bytesMin: 4,
  write: (writer, value) => writer.ustring(value),
  read: (reader) => reader.ustring(),
};

/** A string whose null means the same as empty. */
export const looseText: Codec<string> = {
  bytesMin: 4,
  write: (writer, value) => writer.ustring(value),
  read: (reader) => reader.ustring() ?? "",
};

export const buffer: Codec<Uint8Array | null> = {
  bytesMin: 4,
  write: (writer, value) => writer.buffer(value),
  read: (reader) => reader.buffer(),
};

/** Bytes whose null means the same as none. */
export const bytes: Codec<Uint8Array> = {
  bytesMin: 4,
  write: (writer, value) => writer.buffer(value),
  read: (reader) => reader.buffer() ?? new Uint8Array(0),
};

/** A vector; null is read as empty. */
export function vector<T>(element: Codec<T>): Codec<readonly T[]> {
  return {
    bytesMin: 4,
    write: (writer, values) => {
      writer.int(values.length);
      for (const value of values) element.write(writer, value);
    },
    read: (reader) => {
      const values: T[] = [];
      for (let count = reader.count(element.bytesMin); count > 0; count -= 1) values.push(element.read(reader));
      return values;
    },
  };
}

/** A record: its fields in the order in which they are listed, nothing between them. */
export function record<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const entries = Object.entries(fields) as [keyof T, Codec<T[keyof T]>][];
  return {
    bytesMin: entries.reduce((sum, [, field]) => sum + field.bytesMin, 0),
    write: (writer, value) => {
      for (const [name, field] of entries) field.write(writer, value[name]);
    },
    read: (reader) => {
      const value: Partial<T> = {};
      for (const [name, field] of entries) value[name] = field.read(reader);
      return value as T;
    },
  };
}
