import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { S3Settings } from '../../../src/archive/files/s3-files.ts';
import { temporaryFolder } from '../hush/hush.ts';

export const bucket = 'recordings';

/** An S3 server in a process of its own: a bucket on a free port, whose objects are files. */
export class S3Server {
  readonly folder: string;
  readonly port: number;
  readonly #child: ReturnType<typeof fork>;

  private constructor(folder: string, port: number, child: ReturnType<typeof fork>) {
    this.folder = folder;
    this.port = port;
    this.#child = child;
  }

  static async start(options: { folder?: string; port?: number } = {}): Promise<S3Server> {
    const { folder = temporaryFolder(), port = 0 } = options;
    const entry = new URL('./s3-server-entry.ts', import.meta.url);
    const child = fork(entry, [folder, String(port), bucket], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [message] = (await once(child, 'message')) as [{ port: number }];
    return new S3Server(folder, message.port, child);
  }

  get settings(): S3Settings {
    return {
      endpoint: `http://127.0.0.1:${this.port}`,
      region: 'us-east-1',
      bucket,
      prefix: 'hush/',
      forcePathStyle: true,
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      requestTimeoutMs: 5_000,
    };
  }

  /** Ends the process; its objects stay in its folder. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
