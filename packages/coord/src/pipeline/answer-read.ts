import { read, type ReadOp } from "../core/read.ts";
import type { WatchEvent, WatchTable } from "../core/watch-table.ts";
import { isAddWatchMode, isWatcherType } from "../core/watch-table.ts";
import type { DataTree } from "../core/data-tree.ts";
import { type ErrorCode, errorCodes } from "../protocol/error-codes.ts";
import type { Id } from "../protocol/records.ts";
import type { Request } from "../protocol/requests.ts";
import type { Response } from "../protocol/responses.ts";
import { setWatches } from "./set-watches.ts";

/** Requests that change nothing but watches, or nothing at all. */
export type LocalRequest =
  | ReadOp
  | Extract<Request, { type: "checkWatches" | "removeWatches" | "addWatch" | "setWatches" | "setWatches2" }>;

export interface LocalPlace {
  readonly tree: DataTree;
  readonly watches: WatchTable;
  readonly watcher: number;
  readonly sessionId: bigint;
  /** Who the connection was when the request arrived. */
  readonly ids: readonly Id[];
  /** Sends an event that has to leave before the reply. */
  tell(event: WatchEvent): void;
}

/** Which watch a read leaves behind: exists on a missing node too, the others only on success, none without READ. */
function leaveWatch(request: ReadOp, outcome: Response | ErrorCode, { watches, watcher }: LocalPlace): void {
  if (!("watch" in request) || !request.watch) return;
  const isAnswered = typeof outcome !== "number";
  if (request.type === "exists") {
    if (isAnswered || outcome === errorCodes.noNode) watches.addData(request.path, watcher);
  } else if (isAnswered) {
    if (request.type === "getData") watches.addData(request.path, watcher);
    else watches.addChild(request.path, watcher);
  }
}

function answerWatcherType(
  request: Extract<LocalRequest, { type: "checkWatches" | "removeWatches" }>,
  { watches, watcher }: LocalPlace,
): Response | ErrorCode {
  const { type, path, watcherType } = request;
  if (!isWatcherType(watcherType)) return errorCodes.marshalling;
  const found =
    type === "removeWatches" ? watches.remove(path, watcher, watcherType) : watches.has(path, watcher, watcherType);
  return found ? { type } : errorCodes.noWatcher;
}

/** Answers from this server alone, and sets what watches the request asks for. */
export function answerRead(request: LocalRequest, place: LocalPlace): Response | ErrorCode {
  const { tree, watches, watcher, sessionId, ids } = place;
  switch (request.type) {
    case "checkWatches":
    case "removeWatches":
      return answerWatcherType(request, place);
    case "addWatch":
      if (!isAddWatchMode(request.mode)) return errorCodes.marshalling;
      watches.addPersistent(request.path, watcher, request.mode);
      return { type: "addWatch", err: errorCodes.ok };
    case "setWatches":
    case "setWatches2":
      for (const event of setWatches(request, { tree, table: watches, watcher })) place.tell(event);
      return { type: request.type };
    default: {
      const outcome = read(request, { tree, sessionId, ids });
      leaveWatch(request, outcome, place);
      return outcome;
    }
  }
}
