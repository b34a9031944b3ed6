import { answerCodeOf, CoordError } from "../coord-error.ts";

/** What a server's answer other than "done" means to a caller. */
export function refusalOf(operation: string, err: number, path: string | undefined): CoordError {
  const code = answerCodeOf(err);
  const where = path === undefined ? operation : `${operation} ${path}`;
  return new CoordError(code, `${where}: the server answers ${code} (${err})`, { path, operation });
}
