import { Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { texts } from '../texts.ts';

interface ReasonDialogProps {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  close(): void;
  /** @returns why it did not work */
  run(reason: string): Promise<string | undefined>;
}

/** What is done for good, or to somebody's case, is done for a reason. */
export function ReasonDialog({ title, action, isOpen, close, run }: ReasonDialogProps) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={title}
      closeButtonProps={{ 'aria-label': texts.recording.cancel }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const reason = String(new FormData(event.currentTarget).get('reason'));
          setBusy(true);
          void run(reason).then((refused) => {
            setBusy(false);
            setProblem(refused);
          });
        }}
      >
        <Stack>
          {problem && (
            <Alert color="red" role="alert">
              {problem}
            </Alert>
          )}
          <TextInput
            name="reason"
            label={texts.recording.reason}
            required
            maxLength={256}
            data-autofocus
          />
          <Group justify="end">
            <Button variant="default" onClick={close}>
              {texts.recording.cancel}
            </Button>
            <Button type="submit" color="red.9" loading={isBusy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
