/**
 * Status of a call: the decision on it once it ended, and whether that is carried out.
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

/** Statuses with pending work, looked for at every start. */
export const unsettledStatuses: readonly CallStatus[] = ['live', 'finishing', 'deleting'];
