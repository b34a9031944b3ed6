/** The virtual time in which faults are inflicted and clients ask. */
export interface FaultSpan {
  endMs: number;
}

const extensionMs = 500;

export function isOver(span: FaultSpan, nowMs: number): boolean {
  return nowMs >= span.endMs;
}

/** Makes it longer where too little has happened in it, and says whether it did. */
export function extended(span: FaultSpan, isTooShort: boolean): boolean {
  if (isTooShort) span.endMs += extensionMs;
  return isTooShort;
}
