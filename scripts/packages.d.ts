export interface Program {
  readonly program: string;
  /** The Debian package that contains it. */
  readonly package: string;
  readonly why: string;
}

export declare const peerPrograms: readonly Program[];
export declare function ensurePackages(programs?: readonly Program[]): void;
