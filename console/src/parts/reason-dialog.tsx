import { TextInput } from '@mantine/core';
import { texts } from '../texts.ts';
import { DialogForm } from './dialog-form.tsx';

interface ReasonDialogProps {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  close(): void;
  /** @returns why it did not work */
  run(reason: string): Promise<string | undefined>;
}

/** What is done for good, or to somebody's case, is done for a reason. */
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
