import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { parseRequesterUri } from '../../domain/identifiers/sip-uri.ts';
import { leaseLimits, type PauseExpiry, pauseExpiries } from '../../domain/model/lease.ts';
import {
  MAX_RETENTION_DAYS,
  type Ucc,
  type UccSettings,
  uccNamePattern,
} from '../../domain/model/ucc.ts';
import { hasCardNumber, hasCardNumberInUri } from '../../domain/redaction/card-numbers.ts';
import {
  RetentionReasonError,
  type UccChange,
  type UccRegistry,
} from '../../domain/ucc/ucc-registry.ts';
import { auditOfChange } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { askedUcc, uccsFor } from '../request/scope.ts';
import { reasonSchema, strict } from '../request/strict-body.ts';

export interface UccsPorts {
  readonly uccs: UccRegistry;
  readonly auditLog: AuditLog;
  /** Stops what a UCC that no longer records has in progress. */
  stopCallsOf(uccName: string): Promise<void>;
}

const tags = ['UCCs'];
const MAX_MEMBERS = 10_000;

const members = Type.Array(Type.String({ maxLength: 512 }), { maxItems: MAX_MEMBERS });
const settingProperties = {
  useAudioRecording: Type.Boolean({ description: 'Record at all; default false' }),
  agentCanEditAudioRecording: Type.Boolean({ description: 'May be commanded; default false' }),
  saveRecordingByDefault: Type.Boolean({ description: 'Kept unless deleted; default true' }),
  recordFromStart: Type.Boolean({ description: 'False: nothing until the first Start' }),
  onPauseExpiry: Type.Unsafe<PauseExpiry>({
    title: 'PauseExpiry',
    type: 'string',
    enum: [...pauseExpiries],
    description: 'Of a pause of the Hush API that nobody renewed; default keep',
  }),
  maxPauseMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    description: 'A longer pause raises an alarm; 0: never; default 15 minutes',
  }),
  pauseLookbackMs: Type.Integer({
    minimum: 0,
    maximum: leaseLimits.maxLookbackMs,
    description: 'Audio that a Pause erases afterwards, held in memory until then; default 0',
  }),
  suppressDtmf: Type.Boolean({
    description: 'Digits that are heard as tones are left out of the recording; default true',
  }),
  retentionDays: Type.Integer({
    minimum: 0,
    maximum: MAX_RETENTION_DAYS,
    description: 'Recordings are destroyed so many days after they began; 0, the default: never',
  }),
  retentionSparesMarked: Type.Boolean({
    description: 'Marked recordings are kept all the same; default true. A legal hold always is',
  }),
  agents: members,
  supervisors: members,
};
const uccSchema = Type.Object({ name: Type.String(), ...settingProperties }, { title: 'Ucc' });
const settingsSchema = Type.Partial(
  Type.Object({
    ...settingProperties,
    reason: Type.String({
      ...reasonSchema,
      description: 'Why; needed where recordings are to be destroyed sooner. No setting',
    }),
  }),
  { title: 'UccSettings', additionalProperties: false },
);
const params = Type.Object({ name: Type.String({ pattern: uccNamePattern }) });

interface SettingsRoute {
  Params: { name: string };
  Body: UccSettings & { reason?: string };
}

export function uccRoutes(app: FastifyInstance, services: UccsPorts): void {
  const answers = { 200: uccSchema, 400: problemSchema, 404: problemSchema };

  app.get(
    '/api/uccs',
    {
      config: { access: 'readUccs', audit: 'read' },
      schema: {
        operationId: 'listUccs',
        tags,
        summary: 'All UCCs',
        response: { 200: Type.Object({ items: Type.Array(uccSchema) }) },
      },
    },
    async ({ caller }) => ({ items: uccsFor(services, caller.principal) }),
  );

  app.get<{ Params: { name: string } }>(
    '/api/uccs/:name',
    {
      config: { access: 'readUccs', audit: 'read' },
      schema: { operationId: 'getUcc', tags, params, summary: 'A UCC', response: answers },
    },
    async (request, reply) =>
      askedUcc(services, request, request.params.name) ?? sendProblem(reply, 404, 'No such UCC.'),
  );

  app.put<SettingsRoute>(
    '/api/uccs/:name',
    {
      config: { access: 'changeUccs', audit: 'change' },
      schema: {
        operationId: 'saveUcc',
        ...{ tags, params, body: settingsSchema, response: answers },
        summary: 'Create a UCC, or replace all its settings; what is left out gets its default',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const { name } = request.params;
      return change(services, request, reply, (settings, by) =>
        services.uccs.put(name, settings, by),
      );
    },
  );

  app.patch<SettingsRoute>(
    '/api/uccs/:name',
    {
      config: { access: 'changeUccs', audit: 'change' },
      schema: {
        operationId: 'changeUcc',
        ...{ tags, params, body: settingsSchema, response: answers },
        summary: 'Change some settings; they count from the next command on',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const { name } = request.params;
      return change(services, request, reply, (settings, by) =>
        services.uccs.patch(name, settings, by),
      );
    },
  );
}

type Write = (settings: UccSettings, by: UccChange) => Promise<Ucc | undefined>;

/** Writes settings with the audit row of who changed what, and why. */
async function change(
  services: UccsPorts,
  request: FastifyRequest<SettingsRoute>,
  ...[reply, write]: [FastifyReply, Write]
): Promise<Ucc | FastifyReply> {
  const { reason, ...settings } = request.body;
  const wrong = notAMember(settings);
  if (wrong !== undefined) return sendProblem(reply, 400, `${wrong} is no SIP or tel URI.`);
  const { name } = request.params;
  if (hasCardNumber(name) || membersOf(settings).some(hasCardNumberInUri)) {
    return sendProblem(reply, 400, 'A name or member holds what looks like a card number.');
  }
  const verb = request.method === 'PUT' ? 'save' : 'change';
  const audited = { action: `ucc ${verb} ${name.toLowerCase()}`, uccName: name, reason };
  const auditOf = auditOfChange(services.auditLog, request, audited);
  try {
    const ucc = await write(settings, { auditOf, hasReason: reason !== undefined });
    return ucc ? changed(services, ucc) : sendProblem(reply, 404, 'No such UCC.');
  } catch (cause) {
    if (!(cause instanceof RetentionReasonError)) throw cause;
    return sendProblem(reply, 400, 'Recordings would be destroyed sooner: give a reason.');
  }
}

/**
 * Recording switched off stops what is in progress, before the answer: it could not be paused any
 * more.
 */
async function changed(services: UccsPorts, ucc: Ucc): Promise<Ucc> {
  if (!ucc.useAudioRecording) await services.stopCallsOf(ucc.name);
  return ucc;
}

function notAMember(settings: UccSettings): string | undefined {
  return membersOf(settings).find((uri) => parseRequesterUri(uri) === undefined);
}

function membersOf({ agents = [], supervisors = [] }: UccSettings): string[] {
  return [...agents, ...supervisors];
}
