export interface Clock {
  /** Unix ms */
  now(): number;
}
