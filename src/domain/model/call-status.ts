/**
 * Where a call stands: what was decided of it once it ended, and whether that is done.
 *
 *   live --+--> finishing --> kept        audio is there
 *          |       ^  |  ^     |
 *          |  Save |  |  |     | Delete, in a later part of the dialogue
 *          |       |  v  |     v
 *          +--> deleting <-----+--> destroyed   keys and files are gone
 *          +--> finishing --> empty       no audio was ever kept
 */
export const callStatuses = [
  ...(['live', 'finishing', 'deleting', 'kept', 'destroyed', 'empty'] as const),
] as const;
export type CallStatus = (typeof callStatuses)[number];

/** Of these something is to be done yet: they are looked for at every start. */
export const unsettledStatuses: readonly CallStatus[] = ['live', 'finishing', 'deleting'];
