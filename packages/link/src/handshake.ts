import {
  decodeHello,
  encodeHello,
  helloBytesMax,
  keyOf,
  linkVersion,
  problemBetween,
  proofOf,
  sameProof,
  type HelloMessage,
  type Identity,
  type Side,
  type Transcript,
} from "./hello.ts";
import { SocketLink, type Link } from "./link.ts";
import type { LinkSocket } from "./link-host.ts";
import { LinkError } from "./link-error.ts";
import type { ResolvedLinkOptions } from "./link-options.ts";
import { RecordReader } from "./record-reader.ts";
import { createChecksumSeal, createKeyedSeal, type RecordSeal } from "./record-seal.ts";

/** Room for the head of the only frame of a record. */
const recordOverheadBytes = 4;
const recordBytesMin = 128 * 1024;

interface Spoken {
  readonly bytes: Uint8Array;
  readonly message: HelloMessage;
}

/** The messages of a handshake over a socket, one after the other. */
class HelloChannel {
  readonly reader = new RecordReader(createChecksumSeal(), helloBytesMax);
  readonly #socket: LinkSocket;
  readonly #seal: RecordSeal = createChecksumSeal();

  constructor(socket: LinkSocket) {
    this.#socket = socket;
  }

  say(message: HelloMessage): Uint8Array {
    const bytes = encodeHello(message);
    const tag = this.#seal.tag([bytes]);
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32BE(bytes.length, 0);
    this.#socket.write(Buffer.concat([head, tag, bytes]));
    return bytes;
  }

  /** Reads exactly one message; what follows stays for whoever reads next. */
  hear(): Promise<Spoken> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const end = (): void => {
        socket.pause();
        socket.off("data", onData);
        socket.off("error", onError);
        socket.off("close", onClose);
      };
      const attempt = (): void => {
        try {
          const bytes = this.reader.next();
          if (bytes === undefined) return;
          end();
          const message = decodeHello(bytes);
          if (message.kind === "refusal") reject(new LinkError(message.code, `refused by the peer: ${message.detail}`));
          else resolve({ bytes, message });
        } catch (thrown) {
          end();
          reject(LinkError.from(thrown, "malformed"));
        }
      };
      const onData = (chunk: Uint8Array): void => {
        this.reader.push(chunk);
        attempt();
      };
      const onError = (cause: Error): void => {
        end();
        reject(LinkError.from(cause, "broken"));
      };
      const onClose = (): void => {
        end();
        reject(new LinkError("closed", "the peer closed the connection before the handshake was over"));
      };
      socket.on("data", onData);
      socket.on("error", onError);
      socket.on("close", onClose);
      socket.resume();
      attempt();
    });
  }
}

/** Whether the acceptor wants this peer; the text says why not. */
export type Admit = (peer: Identity) => string | undefined;

/**
 * Makes a link of a connected socket, or destroys it. Hello goes each way, then, with a secret, a proof each way, and a
 * welcome from the acceptor says that both want each other.
 */
export async function shakeHands(
  socket: LinkSocket,
  side: Side,
  options: ResolvedLinkOptions,
  admit: Admit = () => undefined,
): Promise<Link> {
  socket.setNoDelay(true);
  const channel = new HelloChannel(socket);
  const cancelTimeout = options.host.after(options.helloTimeoutMs, () => {
    socket.destroy(new LinkError("silent", `no handshake within ${options.helloTimeoutMs} ms`));
  });
  const ignore = (): void => undefined;
  // Errors between two messages; the next `hear` ends by the close that follows.
  socket.on("error", ignore);
  try {
    const { peer, transcript } = await (side === "dialer" ? greet(channel, options) : answer(channel, options, admit));
    return establish(socket, { side, peer, transcript, reader: channel.reader, options });
  } catch (thrown) {
    const error = LinkError.from(thrown, "broken");
    if (side === "acceptor" && isRefusal(error))
      channel.say({ kind: "refusal", code: error.code, detail: error.message });
    socket.destroySoon();
    throw error;
  } finally {
    cancelTimeout();
    socket.off("error", ignore);
  }
}

interface Agreement {
  readonly peer: Identity;
  readonly transcript: Transcript;
}

function isRefusal({ code }: LinkError): boolean {
  return code === "refused" || code.startsWith("wrong-");
}

function helloOf({ identity, host }: ResolvedLinkOptions): HelloMessage {
  const nonce = Buffer.from(host.randomBytes(32)).toString("base64");
  return { kind: "hello", link: linkVersion, nonce, identity };
}

function peerOf(spoken: Spoken, { identity }: ResolvedLinkOptions): Identity {
  const { message } = spoken;
  if (message.kind !== "hello") throw new LinkError("malformed", `a ${message.kind} instead of a hello`);
  const problem = problemBetween(identity, message.identity, message.link);
  if (problem !== undefined) throw problem;
  return message.identity;
}

function checkProof({ message }: Spoken, side: Side, options: ResolvedLinkOptions, transcript: Transcript): void {
  const { secret } = options;
  const isProved =
    secret === undefined
      ? message.kind === "welcome"
      : message.kind === "proof" && sameProof(message.proof, proofOf(secret, side, transcript));
  if (!isProved) throw new LinkError("wrong-secret", "the peer does not know the secret, or expects one");
}

async function greet(channel: HelloChannel, options: ResolvedLinkOptions): Promise<Agreement> {
  const { secret } = options;
  const dialed = channel.say(helloOf(options));
  const heard = await channel.hear();
  const peer = peerOf(heard, options);
  const transcript: Transcript = { dialed, accepted: heard.bytes };
  channel.say(
    secret === undefined ? { kind: "welcome" } : { kind: "proof", proof: proofOf(secret, "dialer", transcript) },
  );
  checkProof(await channel.hear(), "acceptor", options, transcript);
  return { peer, transcript };
}

async function answer(channel: HelloChannel, options: ResolvedLinkOptions, admit: Admit): Promise<Agreement> {
  const { secret } = options;
  const heard = await channel.hear();
  const peer = peerOf(heard, options);
  const accepted = channel.say(helloOf(options));
  const transcript: Transcript = { dialed: heard.bytes, accepted };
  checkProof(await channel.hear(), "dialer", options, transcript);
  const unwanted = admit(peer);
  if (unwanted !== undefined) throw new LinkError("refused", unwanted);
  channel.say(
    secret === undefined ? { kind: "welcome" } : { kind: "proof", proof: proofOf(secret, "acceptor", transcript) },
  );
  return { peer, transcript };
}

interface Established extends Agreement {
  readonly side: Side;
  readonly reader: RecordReader;
  readonly options: ResolvedLinkOptions;
}

function establish(socket: LinkSocket, { side, peer, transcript, reader, options }: Established): Link {
  const { secret, tls, frameBytesMax } = options;
  const sealOf = (of: Side): RecordSeal =>
    secret === undefined || tls !== undefined ? createChecksumSeal() : createKeyedSeal(keyOf(secret, of, transcript));
  const otherSide: Side = side === "dialer" ? "acceptor" : "dialer";
  reader.become(sealOf(otherSide), Math.max(frameBytesMax + recordOverheadBytes, recordBytesMin));
  const link = new SocketLink({ socket, peer, reader, seal: sealOf(side), options });
  socket.resume();
  return link;
}
