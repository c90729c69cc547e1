import { CommandAudit } from '../domain/control/command-audit.ts';
import { CommandHandler } from '../domain/control/command-handler.ts';
import { Leases } from '../domain/control/leases.ts';
import { PauseGate } from '../domain/control/pause-gate.ts';
import { PauseWatch } from '../domain/control/pause-watch.ts';
import { SeamLeases } from '../domain/control/seam-leases.ts';
import type { AccessParts } from './access.ts';
import type { ArchiveParts } from './archive.ts';
import type { AssuranceParts } from './assurance.ts';
import type { Context } from './context.ts';
import type { EventParts } from './events.ts';
import type { RecordingParts } from './recording.ts';

export type ControlParts = ReturnType<typeof assembleControl>;

interface Needs {
  readonly events: EventParts;
  readonly assurance: AssuranceParts;
  readonly access: AccessParts;
  readonly archive: ArchiveParts;
  readonly recording: RecordingParts;
}

/** Commands of the contract, pauses with an owner, and the gate that both go through. */
export function assembleControl(context: Context, needs: Needs) {
  const { config, clock, moments, disposal } = context;
  const { uccs, calls, journal, bus } = needs.events;
  const { alarms, onAuditFailed } = needs.assurance;
  const { auditLog } = needs.access;
  const { recorder, settlement, lifecycle } = needs.recording;
  const { requesterMustMatchToken } = config.auth;
  const pauseGate = new PauseGate({ recorder, journal, alarms, clock });
  const watch = new PauseWatch({ uccs, alarms, clock, moments });
  disposal.add('pause watch', () => watch.close());
  bus.subscribe(({ callId }) => {
    const call = calls.byId(callId);
    if (call) watch.changed(call);
  });
  const shared = {
    uccs,
    calls,
    recorder,
    pauseGate,
    clock,
    auditLog,
    watch,
    moments,
    requesterMustMatchToken,
  };
  const leases = new Leases(shared);
  return {
    watch,
    leases,
    seamLeases: new SeamLeases({
      ...shared,
      leases,
      journal,
      settlement,
      kept: needs.archive.lock,
      limits: config.recording,
    }),
    commands: new CommandHandler({
      uccs,
      calls,
      recorder,
      pauseGate,
      clock,
      reconsider: (call) => lifecycle.reconsider(call),
      auditLog: new CommandAudit(auditLog, onAuditFailed),
      requesterMustMatchToken,
    }),
  };
}
