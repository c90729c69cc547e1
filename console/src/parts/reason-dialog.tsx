import { TextInput } from '@mantine/core';
import { texts } from '../texts.ts';
import { DialogForm } from './dialog-form.tsx';

interface ReasonDialogProps {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  close(): void;
  /** @returns the reason for a failure */
  run(reason: string): Promise<string | undefined>;
}

/** Asks for the reason of an irreversible action or of a legal hold. */
export function ReasonDialog({ run, ...dialog }: ReasonDialogProps) {
  return (
    <DialogForm {...dialog} isGrave run={(form) => run(String(form.get('reason')))}>
      <TextInput
        name="reason"
        label={texts.recording.reason}
        required
        maxLength={500}
        data-autofocus
      />
    </DialogForm>
  );
}
