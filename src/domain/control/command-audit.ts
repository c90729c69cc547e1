import type { AuditLog } from '../access/audit-log.ts';
import type { Call } from '../call/call.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { type ContractError, contractErrors, ErrorType } from '../model/errors.ts';
import type { Caller } from '../model/principal.ts';
import { parseStateAction, stateActionName } from '../model/recording-state.ts';
import { type Command, type CommandRequest, echoedCorrelationId } from './command.ts';

/** Builds the audit log's entries for commands. */
export class CommandAudit {
  readonly #auditLog: Pick<AuditLog, 'entry' | 'refused' | 'denied'>;
  readonly #onError: (cause: unknown) => void;

  constructor(
    auditLog: Pick<AuditLog, 'entry' | 'refused' | 'denied'>,
    onError: (cause: unknown) => void,
  ) {
    this.#auditLog = auditLog;
    this.#onError = onError;
  }

  /** Returns the row of a successful command, committed with its effect. */
  carried(call: Call, { command, caller }: { command: Command; caller: Caller }): AuditRecord {
    const { uccName, correlationId, id: callId } = call;
    const { requester } = command;
    const action = stateActionName(command.action);
    return this.#auditLog.entry(caller, {
      action,
      requester,
      uccName,
      correlationId,
      callId,
      outcome: 'ok',
    });
  }

  /** Records a refusal, which is answered even if the row cannot be written. */
  async refused(
    request: CommandRequest,
    caller: Caller,
    { code, errorType }: ContractError,
  ): Promise<void> {
    const action = parseStateAction(request.action);
    const what = {
      action: action === undefined ? 'command' : stateActionName(action),
      requester: textOrNull(request.requesterSipUri),
      uccName: textOrNull(request.uccName),
      correlationId: textOrNull(echoedCorrelationId(request.correlationId)),
      reason: code,
    };
    try {
      if (contractErrors[code].isOutside) await this.#auditLog.denied(caller, what);
      else {
        const outcome = errorType === ErrorType.Processing ? 'failed' : 'refused';
        await this.#auditLog.refused(caller, { ...what, outcome });
      }
    } catch (cause) {
      this.#onError(cause);
    }
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
