import { underCurrentKey } from '../archive/keys/key-rotation.ts';
import { Restatements } from '../domain/call/restatements.ts';
import { CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import { CallSettlement } from '../domain/lifecycle/call-settlement.ts';
import { RecordedFacts } from '../domain/lifecycle/recorded-facts.ts';
import type { RecorderListener } from '../domain/ports/recorder.ts';
import { MediaRecorder } from '../recorder/recorder.ts';
import type { ArchiveParts } from './archive.ts';
import type { AssuranceParts } from './assurance.ts';
import { type Context, Late } from './context.ts';
import type { EventParts } from './events.ts';
import type { StoreParts } from './store.ts';

export type RecordingParts = ReturnType<typeof assembleRecording>;

interface Needs {
  readonly store: StoreParts;
  readonly events: EventParts;
  readonly assurance: AssuranceParts;
  readonly archive: ArchiveParts;
}

/** The recorder with its media threads, the life of a call and what becomes of its recording. */
export function assembleRecording(context: Context, needs: Needs) {
  const { config, disposal, moments } = context;
  const { store, ownership, whenStoreIsBack } = needs.store;
  const { uccs, calls, journal, bus } = needs.events;
  const { alarms, assessor } = needs.assurance;
  const { archive, lock } = needs.archive;
  const facts = new RecordedFacts({ store, alarms });
  disposal.add('what was recorded', () => facts.close());
  const restatements = new Restatements({ store, journal, alarms });
  disposal.add('restatements', () => restatements.abandon());
  journal.onUntold = (...untold) => restatements.add(...untold);
  whenStoreIsBack.push(
    () => restatements.retryNow(),
    () => facts.retryNow(),
  );
  const lifecycle = new Late<CallLifecycle>('the call lifecycle');
  const recorder = newRecorder(context, needs, listenerOf(context, needs, { facts, lifecycle }));
  needs.assurance.recorder.set(recorder);
  disposal.add('media threads', () => recorder.close());
  const settlement = new CallSettlement({
    uccs,
    calls,
    recorder,
    archive,
    journal,
    store,
    kept: lock,
    alarms,
    moments,
    facts,
    limits: config.recording,
    assess: (...ended) => assessor.assess(...ended),
  });
  bus.subscribe(({ type, callId }) => {
    if (type === 'legalHoldPlaced') settlement.holdPlaced(callId);
  });
  /** Ends recording sessions from this side; SIP is assembled later. */
  const hangUp = new Late<(sessionIds: readonly string[]) => void>('SIP');
  lifecycle.set(newLifecycle(context, needs, { recorder, settlement, facts, hangUp }));
  ownership.onLost(() => {
    // No packet is written from here on, whatever else takes its time.
    recorder.shutAll('restart');
    void recorder.close();
    lifecycle.value.abandon();
  });
  return { recorder, settlement, lifecycle: lifecycle.value, hangUp };
}

interface Parts {
  readonly recorder: MediaRecorder;
  readonly settlement: CallSettlement;
  readonly facts: RecordedFacts;
  readonly hangUp: Late<(sessionIds: readonly string[]) => void>;
}

function newLifecycle(
  { config, clock, moments }: Context,
  { store: { store, vault }, events, assurance: { alarms, metrics }, archive }: Needs,
  { recorder, settlement, facts, hangUp }: Parts,
): CallLifecycle {
  const { uploader } = archive;
  return new CallLifecycle({
    uccs: events.uccs,
    calls: events.calls,
    journal: events.journal,
    recorder,
    store,
    alarms,
    clock,
    moments,
    settlement,
    vault,
    facts,
    limits: { ...config.recording, ...config.sip },
    storageFull: () => (uploader && !uploader.hasRoom ? 'the spool is full' : undefined),
    hangUp: (sessionIds) => hangUp.value(sessionIds),
    onTrackEnded: (...ended) => metrics.trackEnded(...ended),
  });
}

function newRecorder(
  { config, clock, overrides }: Context,
  { store: { recordingsDir, keys, ownership } }: Needs,
  listener: RecorderListener,
): MediaRecorder {
  return new MediaRecorder({
    recordingsDir,
    clock,
    listener,
    masterKey: keys.current,
    isOwner: () => ownership.isSure,
    ...config.recording,
    rtpHost: config.rtp.host,
    receiver: config.rtp.receiver,
    portMin: config.rtp.portMin,
    portMax: config.rtp.portMax,
    workers: config.rtp.workers,
    maxCalls: config.sip.maxCalls,
    ...(overrides.workerEntry ? { workerEntry: overrides.workerEntry } : {}),
  });
}

function listenerOf(
  { logs }: Context,
  { store: { keys }, assurance: { metrics, watch } }: Needs,
  { facts, lifecycle }: { readonly facts: RecordedFacts; readonly lifecycle: Late<CallLifecycle> },
): RecorderListener {
  return {
    onSegment: (segment) => {
      const { callId, track, segment: number } = segment;
      void facts.tell(callId, {
        [`segment ${track}/${number}`]: () => ({ segments: [underCurrentKey(keys, segment)] }),
      });
    },
    onCallFailed: (...failure) => lifecycle.value.callFailed(...failure),
    onTrackBegan(callId, track, beginning) {
      logs.recorder.debug({ callId, track }, 'first packet of a stream');
      lifecycle.value.trackBegan(callId, track, beginning);
    },
    onErased: (tracks) => lifecycle.value.erased(tracks),
    onWorkerDied: (...died) => lifecycle.value.workerDied(...died),
    onReceiverFellBack: (why) =>
      logs.recorder.warn({ why }, 'batched receiving does not work here: using rtp.receiver dgram'),
    onStreamStats: (stats) => {
      metrics.streamStats(stats);
      watch.onStats(stats);
    },
  };
}
