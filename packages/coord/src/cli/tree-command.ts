import type { ParseArgsOptionsConfig } from "node:util";
import { CoordError } from "../coord-error.ts";
import type { Session } from "../client/session.ts";

/** Where a command reads and writes, so that it can run inside a test as it does in a shell. */
export interface CommandIo {
  /** Settles when there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** For people: what is no part of the result. */
  say(text: string): void;
  readonly input: AsyncIterable<Uint8Array>;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

/** Arguments of a command as they were given. */
export class CommandArguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(positionals: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** The path that the command is about, which comes first. */
  get path(): string {
    return this.positionals[0] ?? "/";
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  number(name: string, min = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= min) return number;
    throw new CoordError("invalid-options", `--${name} is "${text}" and must be a whole number from ${min}`);
  }
}

export interface CommandPlace {
  readonly session: Session;
  readonly args: CommandArguments;
  readonly io: CommandIo;
  /** Whether the result is to be JSON. */
  readonly json: boolean;
}

/** One command on the tree. */
export interface TreeCommand {
  /** What stands behind the name: `PATH [DATA]`. */
  readonly usage: string;
  readonly summary: string;
  /** One line for each option. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  readonly positionalsMin: number;
  readonly positionalsMax: number;
  run(place: CommandPlace): Promise<void>;
}

/** A line of JSON, its 64-bit values as text, digit for digit. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner))}\n`;
}

export async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function childOf(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}
