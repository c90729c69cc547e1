/** RFC 6455 section 5.2: final frame, not masked. */
const TEXT_FRAME = 0x81;
const BINARY_FRAME = 0x82;

/**
 * Records that leave together. A batch is the path to a node of a tree: clients that are sent the
 * same records in the same tick arrive at the same node, so that the wire data (WebSocket frame,
 * event, poll answer) is made once for all of them.
 */
export class Batch {
  readonly byteLength: number;
  readonly #parent: Batch | undefined;
  readonly #record: Buffer | undefined;
  #children: Map<Buffer, Batch> | undefined;
  #payload: Buffer | undefined;
  #textFrame: Buffer | undefined;
  #binaryFrame: Buffer | undefined;
  #event: Buffer | undefined;

  /** Without arguments: the empty batch, root of a tick's tree. */
  constructor(parent?: Batch, record?: Buffer) {
    this.#parent = parent;
    this.#record = record;
    this.byteLength = (parent?.byteLength ?? 0) + (record?.length ?? 0);
  }

  /** Returns this batch with one more record. */
  with(record: Buffer): Batch {
    this.#children ??= new Map();
    let child = this.#children.get(record);
    if (child === undefined) {
      child = new Batch(this, record);
      this.#children.set(record, child);
    }
    return child;
  }

  get payload(): Buffer {
    this.#payload ??= this.#join();
    return this.#payload;
  }

  webSocketFrame(binary: boolean): Buffer {
    if (binary) {
      this.#binaryFrame ??= frame(this.payload, BINARY_FRAME);
      return this.#binaryFrame;
    }
    this.#textFrame ??= frame(this.payload, TEXT_FRAME);
    return this.#textFrame;
  }

  /** One unnamed event; JSON.stringify leaves no line breaks, so one `data:` line holds it. */
  get event(): Buffer {
    this.#event ??= Buffer.concat([Buffer.from('data: '), this.payload, Buffer.from('\r\n\r\n')]);
    return this.#event;
  }

  #join(): Buffer {
    const records: Buffer[] = [];
    let batch: Batch | undefined = this;
    while (batch !== undefined) {
      if (batch.#record !== undefined) records.push(batch.#record);
      batch = batch.#parent;
    }
    const [only] = records;
    if (records.length === 1 && only !== undefined) return only;
    return Buffer.concat(records.reverse(), this.byteLength);
  }
}

function frame(payload: Buffer, opcode: number): Buffer {
  const { length } = payload;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = opcode;
  if (length < 126) {
    bytes[1] = length;
  } else if (length < 65_536) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  payload.copy(bytes, headerBytes);
  return bytes;
}
