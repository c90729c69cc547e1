import { AudioMissingError } from '../domain/model/errors.ts';
import type { ExportedAudio, ExportFormat } from '../domain/ports/archive.ts';
import type { Store } from '../domain/ports/store.ts';
import type { AudioFinding } from '../domain/recording/audio-inspections.ts';
import { Exports, type MadeAudio } from './export/exports.ts';
import type { FilesSettings } from './files/open-files.ts';
import type { Interruptible, Listeners } from './playback/listeners.ts';
import { Playback } from './playback/playback.ts';
import type { PlayedRows } from './playback/recording-version.ts';
import type { Unsealing } from './segment/segment-reader.ts';

export interface RecordingReaderOptions extends Unsealing {
  /** Settings with which threads open the same files. */
  readonly filesSettings: FilesSettings;
  readonly store: Pick<Store, 'tracks' | 'segments' | 'gaps'>;
  readonly listeners: Listeners;
  /** 0 disables exports. */
  readonly maxExports: number;
  /** Called for each recording that is read. */
  onFinding?(callId: string, finding: AudioFinding): void;
}

/**
 * Reads finished recordings. Each method first looks at all files of the recording, and rejects
 * with AudioMissingError or AudioAwayError if one is not there.
 */
export class RecordingReader {
  readonly #options: RecordingReaderOptions;
  readonly #exports: Exports;
  /** Derived files for the archive itself, one at a time. */
  readonly #derivations = new Exports(1);

  constructor(options: RecordingReaderOptions) {
    this.#options = options;
    this.#exports = new Exports(options.maxExports);
  }

  /** Opens a finished recording for playing. The caller closes it. */
  play(callId: string): Promise<Playback> {
    const { files, keys } = this.#options;
    return this.#opened(callId, async (forget) => {
      const onClosed = (playback: Playback): void => {
        forget();
        if (playback.isDamaged) this.#find(callId, 'damaged');
      };
      return Playback.open({ files, keys, onClosed, ...(await this.rows(callId)) });
    });
  }

  /**
   * Begins to make a file, in a thread of its own. The caller closes it.
   * @param owner of the export: none has more than half of all exports
   * @throws ExportsBusyError
   */
  export(callId: string, format: ExportFormat, owner?: string): Promise<ExportedAudio> {
    return this.#make(callId, format, { threads: this.#exports, owner });
  }

  /** Makes the peaks of the wave form, for the archive itself. */
  peaks(callId: string): Promise<MadeAudio> {
    return this.#make(callId, 'peaks', { threads: this.#derivations });
  }

  /** Returns the error with the paths of missing files; undefined if none is missing. */
  async missing(callId: string): Promise<AudioMissingError | undefined> {
    try {
      const { files, keys } = this.#options;
      const playback = await Playback.open({ files, keys, ...(await this.rows(callId)) });
      await playback.close();
      return undefined;
    } catch (cause) {
      if (cause instanceof AudioMissingError) return cause;
      throw cause;
    }
  }

  async rows(callId: string): Promise<PlayedRows> {
    const { store } = this.#options;
    return {
      tracks: await store.tracks(callId),
      segments: await store.segments(callId),
      gaps: await store.gaps(callId),
    };
  }

  /** Ends exports in progress. */
  async close(): Promise<void> {
    await Promise.all([this.#exports.close(), this.#derivations.close()]);
  }

  #make(
    callId: string,
    format: ExportFormat | 'peaks',
    { threads, owner }: { readonly threads: Exports; readonly owner?: string | undefined },
  ): Promise<MadeAudio> {
    const { filesSettings: files, keys } = this.#options;
    return this.#opened(callId, async (forget) => {
      const onEnded = ({ isDamaged }: MadeAudio): void => {
        if (isDamaged) this.#find(callId, 'damaged');
      };
      const rows = await this.rows(callId);
      const made = threads.start(
        { format, files, masterKeys: keys.keys, ...rows },
        { owner, onEnded, onClosed: forget },
      );
      await made.opened();
      return made;
    });
  }

  async #opened<Opened extends Interruptible>(
    callId: string,
    open: (forget: () => void) => Promise<Opened>,
  ): Promise<Opened> {
    try {
      const opened = await this.#options.listeners.opened(callId, open);
      this.#find(callId, 'whole');
      return opened;
    } catch (cause) {
      if (cause instanceof AudioMissingError) this.#find(callId, 'missing');
      throw cause;
    }
  }

  #find(callId: string, finding: AudioFinding): void {
    this.#options.onFinding?.(callId, finding);
  }
}
