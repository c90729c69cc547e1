import { randomBytes } from 'node:crypto';
import { BRANCH_COOKIE } from './via.ts';

/** Returns a From or To tag: 64 random bits (RFC 3261 section 19.3 requires 32). */
export function newTag(): string {
  return randomBytes(8).toString('hex');
}

export function newBranch(): string {
  return `${BRANCH_COOKIE}${randomBytes(12).toString('hex')}`;
}

export function newCallId(): string {
  return randomBytes(16).toString('hex');
}
