/** Describes the groups of operations, in the order of the docs page. */
export const tagDescriptions = [
  {
    name: 'Core REST Recording API',
    description: 'The contract: state, commands and capabilities, v1 without and v2 with tokens.',
  },
  { name: 'Calls', description: 'Calls in progress, their pauses, receipts and audio.' },
  { name: 'Recordings', description: 'Search, audio, exports, legal holds and erasures.' },
  { name: 'Events', description: 'Committed events as they happen, resumable without a gap.' },
  { name: 'Assurance', description: 'Health of calls, alarms, daily summary, reconciliation.' },
  { name: 'UCCs', description: 'Contact centres and how their calls are recorded.' },
  { name: 'Webhooks', description: 'Deliveries of events, and those that were given up.' },
  { name: 'Archive', description: 'Checks of the archive, master key, storage, retention.' },
  { name: 'Access', description: 'The audit log.' },
  { name: 'People', description: 'Users and clients of the embedded issuer.' },
  { name: 'Sign-in', description: 'Tokens, the public keys behind them, and the caller.' },
  { name: 'Operation', description: 'Readiness and metrics.' },
];
