import { buildPage, lacingValuesOf, MAX_LACING_VALUES, PageFlag } from './page.ts';

/** Audio per page: a listener hears a page before the next one comes. 48 kHz */
const PAGE_SAMPLES = 48_000;
const HEAD_VERSION = 1;

export interface OpusStreamFormat {
  readonly channels: 1 | 2;
  /** Encoder delay before the first sample, at 48 kHz (RFC 7845 section 4.2). */
  readonly preSkip: number;
  /** Sample rate of the original audio, Hz; for information only. */
  readonly inputSampleRate: number;
  /** Any 32 bits. */
  readonly serial: number;
  /** Name of the encoder. */
  readonly vendor: string;
}

/**
 * Writes packets of Opus as an Ogg file, page after page (RFC 7845). A page is returned when the
 * packet after it comes, so that the last one always has a packet to trim.
 */
export class OpusStream {
  readonly #format: OpusStreamFormat;
  #pages = 0;
  #packets: Uint8Array[] = [];
  #lacingValues = 0;
  #samplesInPage = 0;
  #samples = 0;

  constructor(format: OpusStreamFormat) {
    this.#format = format;
  }

  /** Returns the two header pages, which come first. */
  head(): Buffer {
    const { channels, preSkip, inputSampleRate, vendor } = this.#format;
    const head = Buffer.alloc(19);
    head.write('OpusHead', 0, 'latin1');
    head.writeUInt8(HEAD_VERSION, 8);
    head.writeUInt8(channels, 9);
    head.writeUInt16LE(preSkip, 10);
    head.writeUInt32LE(inputSampleRate, 12);
    const name = Buffer.from(vendor);
    const tags = Buffer.alloc(8 + 4 + name.length + 4);
    tags.write('OpusTags', 0, 'latin1');
    tags.writeUInt32LE(name.length, 8);
    name.copy(tags, 12);
    return Buffer.concat([this.#page(PageFlag.First, 0, [head]), this.#page(0, 0, [tags])]);
  }

  /**
   * Adds a packet.
   * @param samples duration of the packet, at 48 kHz
   * @returns the page before it, if that one is full
   */
  add(packet: Uint8Array, samples: number): Buffer | undefined {
    const lacingValues = lacingValuesOf(packet.length);
    const isFull =
      this.#samplesInPage >= PAGE_SAMPLES || this.#lacingValues + lacingValues > MAX_LACING_VALUES;
    const page = isFull ? this.#flush(PageFlag.None, this.#samples) : undefined;
    this.#packets.push(packet);
    this.#lacingValues += lacingValues;
    this.#samplesInPage += samples;
    this.#samples += samples;
    return page;
  }

  /**
   * Returns the last page.
   * @param samples audible length of the whole stream: packets may hold more, at its end
   */
  end(samples: number): Buffer {
    const granule = Math.min(this.#samples, this.#format.preSkip + samples);
    return this.#flush(PageFlag.Last, granule);
  }

  #flush(flag: PageFlag, granule: number): Buffer {
    const page = this.#page(flag, granule, this.#packets);
    this.#packets = [];
    this.#lacingValues = 0;
    this.#samplesInPage = 0;
    return page;
  }

  #page(flag: PageFlag, granule: number, packets: readonly Uint8Array[]): Buffer {
    const page = buildPage(
      { flag, granule, serial: this.#format.serial, number: this.#pages },
      packets,
    );
    this.#pages += 1;
    return page;
  }
}
