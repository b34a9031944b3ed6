#!/usr/bin/env node
import { runCommand } from "./run-command.ts";

// The first interrupt ends a command in good order, the second ends the process.
const controller = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => controller.abort());

process.exitCode = await runCommand(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
  environment: process.env,
  signal: controller.signal,
});
