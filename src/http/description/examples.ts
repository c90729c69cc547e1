const recordingId = '2d437934-4453-41a4-82c1-f21c30ccfb3d';
const correlationId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
const beganAt = '2026-03-29T09:14:02.117Z';
const endedAt = '2026-03-29T09:18:44.530Z';
const agent = 'sip:agent@domain.com';
const uccName = 'ucc-demo-name';
const parties = [
  { aor: agent, name: 'Eva', role: 'agent' },
  { aor: 'sip:+4930123456@domain.com', name: null, role: 'other' },
];

const call = {
  ...{ id: recordingId, correlationId, uccName, uccNames: [uccName] },
  ...{ recordingState: 'Started', markingState: 'None', savingState: 'None', version: 3 },
  ...{ beganAt, parties, metadataIncomplete: null },
};

const recording = {
  ...{ ...call, recordingState: 'Stopped', version: 5 },
  ...{ status: 'kept', endedAt, lengthMs: 282_413 },
  gaps: { lengthMs: 21_440, reasons: ['api'] },
  legalHold: null,
  health: { verdict: 'complete', reasons: [] },
};

const lease = {
  ...{ owner: 'payment-page-7', reason: 'card payment' },
  ...{ since: '2026-03-29T09:16:10.002Z', expiresAt: '2026-03-29T09:17:10.002Z' },
  ...{ expired: false, isYours: true },
};

const ucc = {
  ...{ name: uccName, useAudioRecording: true, agentCanEditAudioRecording: true },
  ...{ saveRecordingByDefault: true, recordFromStart: true, onPauseExpiry: 'keep' },
  ...{ maxPauseMs: 900_000, pauseLookbackMs: 0, suppressDtmf: true },
  ...{ retentionDays: 90, retentionSparesMarked: true },
  ...{ agents: [agent], supervisors: ['sip:supervisor@domain.com'] },
};

/** Examples by the name of their schema; the linter holds each against it. */
export const examples: Readonly<Record<string, readonly unknown[]>> = {
  Problem: [{ type: 'about:blank', title: 'Not found', status: 404, detail: 'No such recording.' }],
  ContractCommandRequest: [
    { Action: 'Pause', RequesterSipUri: agent, CorrelationId: correlationId, UCCName: uccName },
    { Action: 3, RequesterSipUri: agent, CorrelationId: correlationId, UCCName: uccName },
  ],
  ContractStateAnswer: [
    {
      ...{ CorrelationId: correlationId, RecordingState: 3, MarkingState: 0, SavingState: 0 },
      ...{ ErrorMessage: null, UCCName: uccName },
    },
    {
      ...{ CorrelationId: correlationId, RecordingState: 0, MarkingState: 0, SavingState: 0 },
      ErrorMessage: { ErrorType: 2, Message: `Ucc name (${uccName}) was not recognized` },
      UCCName: uccName,
    },
  ],
  ContractCapabilities: [{ AgentCanEditRecordings: true, ErrorMessage: null, UCCName: uccName }],
  Call: [
    {
      ...call,
      ...{ pausedBy: ['payment-page-7'], notKeptSince: '2026-03-29T09:16:10.002Z', alarms: [] },
      streams: [
        {
          ...{ track: 0, label: '1', aor: agent, mixed: false, codec: 'PCMU' },
          ...{ encrypted: true, held: false },
        },
      ],
    },
  ],
  PauseRequest: [{ owner: 'payment-page-7', reason: 'card payment', ttlMs: 60_000 }],
  PauseRenewal: [{ ttlMs: 60_000 }],
  Pauses: [
    {
      ...{ callId: recordingId, version: 3, recordingState: 'Started', keepsAudio: false },
      ...{ effectiveAt: '2026-03-29T09:16:10.002Z', sequence: 4711, pauses: [lease] },
    },
  ],
  Recording: [recording],
  RecordingPage: [{ items: [recording], nextCursor: null }],
  ErasureRequest: [
    { reason: 'a card number was read out', startMs: 61_000, endMs: 78_500 },
    { reason: 'erasure under article 17', whole: true },
  ],
  LegalHoldRequest: [{ reason: 'case 2026-117' }],
  Ucc: [ucc],
  UccSettings: [{ useAudioRecording: true, agentCanEditAudioRecording: true, agents: [agent] }],
  WebhookSettings: [{ url: 'https://crm.example.com/hush', uccs: [uccName] }],
  Webhook: [{ name: 'crm', url: 'https://crm.example.com/hush', uccs: [uccName], enabled: true }],
  Alarm: [
    {
      ...{ id: recordingId, kind: 'mediaOneSided', at: beganAt, clearedAt: null },
      ...{ callId: recordingId, correlationId, uccName },
      detail: 'nothing is heard of one party',
    },
  ],
  AuditRecord: [
    {
      ...{ id: recordingId, at: beganAt, who: 'eva', client: 'coreapi', address: '10.0.0.7' },
      ...{ surface: 'v2', requester: agent, action: 'Pause', uccName, correlationId },
      ...{ callId: recordingId, outcome: 'ok', reason: null, count: 1 },
      ...{ before: null, after: null },
    },
  ],
  TokenRequest: [
    {
      ...{ grant_type: 'password', client_id: 'coreapi', client_secret: 'the secret' },
      ...{ username: 'eva', password: 'the password' },
    },
  ],
};
